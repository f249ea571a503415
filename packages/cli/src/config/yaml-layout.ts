import { type Document, isCollection, isScalar, type ToStringOptions, visit } from 'yaml';

/** How a file is laid out: what a document that was parsed does not remember of it. */
export interface YamlLayout {
  /** The document, changed or not, as text of this layout. */
  print(document: Document): string;
}

/** From the private use area: it stands where a comment belongs behind the key, and is in no output. */
const behindKey = '\uE000';

/** Marks comments of the document, and so is to be called once, before the document is changed. */
export function layoutOf(document: Document, source: string): YamlLayout {
  markBehindKeys(document, source);
  const [, indent] = /^( {1,8})[^\s#-]/m.exec(source) ?? [];
  const options: ToStringOptions = {
    lineWidth: 0,
    ...(indent && { indent: indent.length }),
    indentSeq: !/^( *)[^\s#-][^#\n]*:[ \t]*(?:#.*)?\n\1- /m.test(source),
    flowCollectionPadding: !/[{[][^\s{[\]}]/.test(source.replaceAll('${', '')),
  };
  const endsApart = document.comment === null || /\n[ \t]*\n(?:#.*\n?)+\s*$/.test(source);
  return {
    print(changed) {
      const text = changed
        .toString(options)
        .replace(new RegExp(`:[ \\t]*\\n[ \\t]*#${behindKey}`, 'g'), ': #')
        .replaceAll(behindKey, '');
      return endsApart ? text : text.replace(/\n\n((?:#.*\n?)+)$/, '\n$1');
    },
  };
}

/** A comment between a key and the mapping or list below is taken for one that stands before its first entry. */
function markBehindKeys(document: Document, source: string): void {
  visit(document, {
    Pair(_, { key, value }) {
      if (!isScalar(key) || !key.range || !isCollection(value) || !value.commentBefore) return;
      if (/^[ \t]*:[ \t]+#/.test(source.slice(key.range[1], key.range[1] + 200))) {
        value.commentBefore = `${behindKey}${value.commentBefore}`;
      }
    },
  });
}
