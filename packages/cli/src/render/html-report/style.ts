/** The page's only style: light and dark, wide, narrow and on paper. */
export const style = `:root {
  color-scheme: light dark;
  --text: #1b1f24; --muted: #57606a; --page: #ffffff; --panel: #f3f5f7; --line: #d0d7de;
  --good: #1a7f37; --reuse: #0a69b7; --bad: #c2202b; --warn: #8a5a00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e6edf3; --muted: #9aa4af; --page: #0d1117; --panel: #161b22; --line: #3a434d;
    --good: #3fb950; --reuse: #58a6ff; --bad: #ff7b72; --warn: #e3b341;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 76rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0; }
h2 { font-size: 1.25rem; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; }
section { margin: 1.5rem 0; padding: 1rem 1.25rem; border: 1px solid var(--line); border-radius: .5rem; }
code, pre { font: .875em/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { margin: 0; padding: .75rem; background: var(--panel); border-radius: .375rem; white-space: pre-wrap; }
p { overflow-wrap: anywhere; }
dl { margin: 0; }
dl div { display: flex; gap: 1rem; }
dt { flex: 0 0 7rem; color: var(--muted); }
dd { margin: 0; overflow-wrap: anywhere; min-width: 0; }
table { width: 100%; border-collapse: collapse; margin: .5rem 0; }
caption { text-align: start; font-weight: 600; padding: .75rem 0 .25rem; }
th, td { text-align: start; vertical-align: top; padding: .25rem .5rem .25rem 0; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }
thead th { color: var(--muted); font-weight: 500; }
tbody th { font-weight: 600; }
.time-line { table-layout: fixed; }
.time-line th:nth-child(1) { width: 5rem; }
.time-line th:nth-child(2) { width: 32%; }
.time-line thead th:nth-child(4), .time-line thead th:nth-child(5), .time-line thead th:nth-child(6) { width: 6rem; }
.time-line .bar { padding-inline: .5rem 1rem; }
.figure, .at { font-variant-numeric: tabular-nums; white-space: nowrap; }
.at, tr.notice td { color: var(--muted); }
svg { display: block; overflow: visible; }
.axis text { fill: var(--muted); font-size: 12px; }
rect.done, rect.imported { fill: var(--good); stroke: var(--good); }
rect.reused { fill: var(--reuse); stroke: var(--reuse); }
rect.failed { fill: var(--bad); stroke: var(--bad); }
rect.interrupted, rect.partial { fill: var(--warn); stroke: var(--warn); }
circle.notice { fill: none; stroke: var(--warn); stroke-width: 2; }
.outcome { font-weight: 600; }
.outcome.done, .outcome.imported { color: var(--good); }
.outcome.reused { color: var(--reuse); }
.outcome.failed { color: var(--bad); }
.outcome.interrupted, .outcome.partial { color: var(--warn); }
h2 .outcome { font-size: 1rem; }
.error { border-inline-start: .25rem solid var(--bad); padding: .25rem 1rem; background: var(--panel); }
.chain { padding-inline-start: 1.5rem; }
.chain li { margin: .35rem 0; overflow-wrap: anywhere; }
button.copy { font: inherit; font-size: .8rem; padding: 0 .5rem; border: 1px solid var(--line); border-radius: .25rem;
  background: var(--panel); color: var(--text); cursor: pointer; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
footer { color: var(--muted); }
@media (max-width: 44rem) {
  body { padding: .75rem; }
  section { padding: .75rem; }
  dl div { display: block; }
  .time-line thead tr > :not(.bar), .list thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .time-line, .time-line tbody, .time-line thead, .time-line caption, .list, .list tbody { display: block; width: 100%; }
  .time-line tr, .list tr { display: flex; flex-wrap: wrap; column-gap: .75rem; padding: .25rem 0; border-bottom: 1px solid var(--line); }
  .time-line th, .time-line td, .list th, .list td { border: 0; padding: 0; width: auto; }
  .time-line th.bar, .time-line td.bar { flex: 0 0 100%; order: 9; padding-inline: 0 .25rem; }
  .time-line tr.notice td:nth-child(2) { flex: 1 1 60%; }
}
@media print {
  :root { --text: #000; --muted: #444; --page: #fff; --panel: #fff; --line: #999; --good: #1a7f37; --reuse: #0a69b7; --bad: #c2202b; --warn: #8a5a00; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  section { border: 0; padding: 0; }
  tr, li { break-inside: avoid; }
  h2, h3, caption { break-after: avoid; }
  button.copy { display: none; }
  rect, circle { print-color-adjust: exact; }
}
`;
