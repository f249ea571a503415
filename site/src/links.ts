import { posix } from 'node:path';

/** The pages of the site, by their place in the repository. */
export type Pages = ReadonlyMap<string, string>;

/**
 * The Markdown of one page, its links to other pages as they are in the site, where all pages are beside one another. Links to
 * files that are no pages lead to the repository, where its address is known; otherwise their text is left.
 *
 * @param options.from the page's place in the repository
 * @param options.assets files of the repository that are part of the site under their own name
 * @param options.repository where a browser finds the repository's files
 */
export function mapLinks(
  markdown: string,
  {
    from,
    pages,
    isAsset,
    repository,
  }: {
    readonly from: string;
    readonly pages: Pages;
    readonly isAsset: (path: string) => boolean;
    readonly repository?: string;
  },
): string {
  return outsideCode(markdown, (text) =>
    text.replace(/(!?)\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)/g, (whole, bang, label, target) => {
      if (/^[a-z][a-z+.-]*:/i.test(target) || target.startsWith('#')) return whole;
      const [path, anchor] = target.split('#');
      const place = posix.join(posix.dirname(from), path);
      const page = pages.get(place);
      if (page !== undefined)
        return `${bang}[${label}](./${page}${anchor === undefined ? '' : `#${anchor}`})`;
      if (isAsset(place)) return `${bang}[${label}](/${place.replace(/^docs\//, '')})`;
      return repository === undefined ? label : `${bang}[${label}](${repository}/${place})`;
    }),
  );
}

/** Fenced blocks stay as they are. */
function outsideCode(markdown: string, change: (text: string) => string): string {
  return markdown
    .split(/(^```.*?^```$)/ms)
    .map((part, at) => (at % 2 === 0 ? change(part) : part))
    .join('');
}
