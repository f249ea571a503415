/**
 * The targets of the links of an HTML page, entities decoded, in their order. What a browser would not show, such as a
 * link in a comment, is none. Takes time in proportion to the page, whatever is in it.
 */
export function linkTargets(html: string): string[] {
  const targets: string[] = [];
  const next = /<!--|<([a-z][a-z0-9]*)(?=[\s/>])/gi;
  for (let found = next.exec(html); found; found = next.exec(html)) {
    if (found[0] === '<!--') {
      const end = html.indexOf('-->', next.lastIndex);
      if (end < 0) break;
      next.lastIndex = end;
      continue;
    }
    const { target, end } = readTag(html, next.lastIndex);
    // Other tags are read as well: what looks like a link in a value of theirs is none.
    if (target !== undefined && found[1]!.toLowerCase() === 'a') targets.push(decodeEntities(target));
    next.lastIndex = end;
  }
  return targets;
}

const blanks = /[\s/]+/y;
const attributeName = /[^\s=>/"']+/y;
const equals = /\s*=\s*/y;
const attributeValue = /"([^"]*)"|'([^']*)'|([^\s>"']+)/y;

/** The value of `href` in the tag whose attributes begin at `from`. */
function readTag(html: string, from: number): { readonly target?: string; readonly end: number } {
  let target: string | undefined;
  let at = from;
  const take = (expression: RegExp) => {
    expression.lastIndex = at;
    const match = expression.exec(html);
    if (match) at = expression.lastIndex;
    return match;
  };
  while (at < html.length && html[at] !== '>') {
    if (take(blanks)) continue;
    const name = take(attributeName)?.[0].toLowerCase();
    if (name === undefined) {
      // A quote or an equals sign where no name is.
      at++;
      continue;
    }
    const value = take(equals) ? take(attributeValue) : undefined;
    if (name === 'href') target ??= value?.slice(1).find((text) => text !== undefined);
  }
  return { target, end: at };
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,4}));/gi, (entity, decimal, hex, name) => {
    if (name !== undefined) return named[name.toLowerCase()] ?? entity;
    const point = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return point > 0x10_ffff ? '\ufffd' : String.fromCodePoint(point);
  });
}
