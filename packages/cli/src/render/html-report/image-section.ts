import type { Explained } from '../../errors/explain.ts';
import type { ImageResult, ReportedBootTest } from '../../outcome.ts';
import { copyButton } from './copy-button.ts';
import { type Html, html } from './html.ts';
import { renderHtmlTable } from './table.ts';
import { timeOf } from './time.ts';
import { renderTimeLine, type TimeScale } from './time-line.ts';

/** All that is known of one image. */
export function renderImage(result: ImageResult, scale: TimeScale | undefined): Html {
  const { name, outcome, error, leftovers = [], bootTest, history } = result;
  return html`<section aria-label="${name}">
<h2>${name} <span class="outcome ${outcome}">${outcome}</span></h2>
${error && renderExplained(error)}
${leftovers.length > 0 ? html`<p>Still in the account: ${leftovers.join(', ')}.</p>` : ''}
${renderFacts(result)}
<h3>AMIs</h3>
${renderAmis(result)}
<h3>Chain of proofs</h3>
${renderChain(result)}
${bootTest && renderConsole(bootTest)}
${history && scale ? renderTimeLine(history, scale) : ''}
</section>`;
}

export function renderExplained({ code, message, hint }: Explained): Html {
  return html`<div class="error"><p><strong>${code}</strong>: ${message}</p><p>${hint}</p></div>`;
}

function renderFacts({ source, architecture, bootMode }: ImageResult): Html {
  const facts: (readonly [string, string | undefined])[] = [
    ['Image', source.url],
    ['Digest', source.digest ?? undefined],
    ['Signed by', source.signedBy],
    ['Architecture', architecture],
    ['Boot mode', bootMode && `${bootMode.found} (${bootMode.reason})`],
  ];
  return html`<dl>
${facts.map(([term, fact]) => (fact === undefined ? '' : html`<div><dt>${term}</dt><dd>${fact}</dd></div>\n`))}
</dl>`;
}

/** In every region where it is published; where nothing asks for that, in the one of the import. */
function renderAmis({ amiName, imageId, snapshotId, region, outcome, regions }: ImageResult): Html {
  if (imageId === null)
    return html`<p>None${snapshotId === null ? '' : `; the snapshot is ${snapshotId}`}.</p>`;
  const amis = regions.length > 0 ? regions : [{ region, imageId, snapshotId, outcome }];
  return renderHtmlTable({
    columns: ['Region', 'Outcome', 'AMI', 'Name', 'Snapshot'],
    rows: amis.map((ami) => [
      ami.region,
      'error' in ami && ami.error ? `${ami.outcome}: ${ami.error.message}` : ami.outcome,
      ami.imageId
        ? html`<code>${ami.imageId}</code> ${copyButton(ami.imageId, `AMI of ${ami.region}`)}`
        : '-',
      amiName ?? '',
      html`<code>${ami.snapshotId ?? '-'}</code>`,
    ]),
  });
}

function renderConsole({ booted, reason, instanceType, console = [] }: ReportedBootTest): Html {
  const where = instanceType === undefined ? '' : ` on ${instanceType}`;
  return html`<h3>Boot test</h3>
<p>${booted ? 'Boots' : 'Does not boot'}${where}: ${reason}.</p>
${console.length > 0 ? html`<pre aria-label="End of the console">${console.join('\n')}</pre>` : ''}`;
}

/** From the publisher to the snapshot, with what an earlier run has shown by its tags. */
function renderChain({ chain, proof }: ImageResult): Html {
  const links = chain.map(
    ({ from, to, shownBy, value, at }) => html`<li><strong>${from} → ${to}</strong>: ${shownBy}
${value === undefined ? '' : html`<br><code>${value}</code>`}<br>${timeOf(at)}</li>\n`,
  );
  return html`<ol class="chain">
${links}${proof ? renderProof(proof) : ''}
</ol>`;
}

function renderProof({
  extent,
  madeAt,
  secondsBeforeImportEnd: before,
}: NonNullable<ImageResult['proof']>): Html {
  const title = html`<strong>image → snapshot</strong>`;
  if (extent === 'none') return html`<li>${title}: not proven</li>`;
  const how = `proven (${extent}): an independent reading of the image gives what is in the snapshot`;
  if (madeAt === undefined) return html`<li>${title}: ${how}; an earlier run recorded it in the tags</li>`;
  const when =
    before === undefined
      ? ''
      : `, ${Math.abs(before)} s ${before < 0 ? 'after' : 'before'} the import task ended`;
  return html`<li>${title}: ${how}<br>${timeOf(madeAt)}${when}</li>`;
}
