import { createHash } from 'node:crypto';
import type { ImageOutcome, ImageResult, RepeatedRequests } from '../../outcome.ts';
import { version } from '../../version.ts';
import { formatSeconds } from '../format.ts';
import type { ImportDocument } from '../import-report.ts';
import { copyButton, copyScript } from './copy-button.ts';
import { Html, html } from './html.ts';
import { renderExplained, renderImage } from './image-section.ts';
import { style } from './style.ts';
import { renderHtmlTable } from './table.ts';
import { timeOf } from './time.ts';
import { renderOverview, timeScaleOf } from './time-line.ts';

/**
 * The document of `import --json` as one page for people: it loads nothing, is readable without script, and what it is told to run
 * is its own style and script alone.
 *
 * @param writtenAt shown at its end
 */
export function renderHtmlReport(
  document: ImportDocument,
  { writtenAt }: { readonly writtenAt: Date },
): string {
  const { images, next, retries = [], error } = document;
  const scale = timeScaleOf(images);
  const title = titleOf(images);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${contentPolicy}">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${title} - ec2-image</title>
<style>${new Html(style)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
${scale && html`<p>From ${timeOf(new Date(scale.startMs).toISOString())}, ${formatSeconds(scale.seconds)}.</p>`}
</header>
<main>
${error && renderExplained(error)}
${images.length > 0 ? renderImages(images) : ''}
${images.length > 1 && scale ? renderOverview(images, scale) : ''}
${images.map((image) => renderImage(image, scale))}
${retries.length > 0 ? renderRetries(retries) : ''}
${next === '' ? '' : html`<section aria-label="Configuration"><h2>Configuration that pins this result ${copyButton(next, 'the configuration')}</h2><pre>${next}</pre></section>`}
</main>
<footer><p>ec2-image ${version}, ${timeOf(writtenAt.toISOString())}</p><p role="status" class="hidden"></p></footer>
<script>${new Html(copyScript)}</script>
</body>
</html>
`;
  return page.markup;
}

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

const contentPolicy = [
  "default-src 'none'",
  'img-src data:',
  `style-src ${hashOf(style)}`,
  `script-src ${hashOf(copyScript)}`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

function titleOf(images: readonly ImageResult[]): string {
  const counts = new Map<ImageOutcome, number>();
  for (const { outcome } of images) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return counts.size > 0
    ? [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ')
    : 'Nothing was imported';
}

function renderImages(images: readonly ImageResult[]): Html {
  return renderHtmlTable({
    caption: 'Result',
    columns: ['Image', 'Outcome', 'AMI', 'Name', 'Region', 'Architecture', 'Time'],
    rows: images.map(({ name, outcome, imageId, amiName, region, architecture, history }) => [
      name,
      html`<span class="outcome ${outcome}">${outcome}</span>`,
      imageId === null ? '-' : html`<code>${imageId}</code> ${copyButton(imageId, `AMI of ${name}`)}`,
      amiName ?? '-',
      region,
      architecture,
      history && formatSeconds(history.seconds),
    ]),
  });
}

function renderRetries(retries: readonly RepeatedRequests[]): Html {
  return html`<section aria-label="Repeated requests"><h2>Requests to AWS that were repeated</h2>
${renderHtmlTable({
  columns: ['Request', 'Because of', 'Times', 'First', 'Last'],
  rows: retries.map(({ service, operation, error, count, firstAt, lastAt }) => [
    `${service} ${operation}`,
    error,
    count,
    timeOf(firstAt),
    timeOf(lastAt),
  ]),
})}
</section>`;
}
