/** How servers list a directory, written by hand after their own output. A directory's name ends in a slash. */
export const listings: Readonly<Record<string, (names: readonly string[]) => string>> = {
  'Apache 2.4, as a table (Fedora, Debian)': (names) => `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN">
<html>
 <head>
  <title>Index of /images</title>
 </head>
 <body>
<h1>Index of /images</h1>
  <table id="indexlist">
   <tr class="indexhead"><th><img src="/icons/blank.png" alt="[ICO]"></th><th><a href="?C=N;O=A">Name</a></th></tr>
   <tr class="even"><td><a href="/pub/"><img src="/icons/back.png" alt="[PARENTDIR]"></a></td></tr>
${names.map((name) => `   <tr class="odd"><td><a href="${escaped(name)}"><img alt="[   ]"></a></td><td class="indexcolname"><a href="${escaped(name)}">${escaped(name.slice(0, 20))}..&gt;</a></td></tr>`).join('\n')}
</table>
</body></html>
`,
  'Apache 1.3, preformatted': (names) => `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">
<HTML>
 <BODY>
<PRE><IMG SRC="/icons/blank.gif" ALT="     "> <A HREF="?N=D">Name</A>     <A HREF="?M=A">Last modified</A>
<HR>
<IMG SRC="/icons/back.gif" ALT="[DIR]"> <A HREF="/pub/">Parent Directory</A>        23-Oct-2026 09:13      -
${names.map((name) => `<IMG SRC="/icons/unknown.gif" ALT="[   ]"> <A HREF="${escaped(name)}">${escaped(name)}</A>   1k`).join('\n')}
</PRE><HR>
</BODY></HTML>
`,
  nginx: (names) => `<html>\r
<head><title>Index of /images/</title></head>\r
<body>\r
<h1>Index of /images/</h1><hr><pre><a href="../">../</a>\r
${names.map((name) => `<a href="${encoded(name)}">${escaped(name)}</a>     23-Oct-2026 09:13     561774592\r\n`).join('')}</pre><hr></body>\r
</html>\r
`,
  'nginx, as JSON': (names) =>
    JSON.stringify(
      names.map((name) => ({
        name: name.replace(/\/$/, ''),
        type: name.endsWith('/') ? 'directory' : 'file',
        mtime: 'Fri, 23 Oct 2026 09:13:00 GMT',
      })),
    ),
  Caddy: (names) => `<!DOCTYPE html>
<html><head><style>body { color: #333 } a:hover { color: "x" }</style></head>
<body onload='initPage()'><header><a href="/"> / </a><a href="/images/">images/</a></header>
<table><tbody>
<tr class="clickable"><td><a href=".."><span class="goup">Up</span></a></td></tr>
${names.map((name) => `<tr class="file"><td>\n<a href="./${encoded(name)}">\n<span class="name">${escaped(name)}</span></a></td></tr>`).join('\n')}
</tbody></table></body></html>
`,
  lighttpd: (names) => `<!DOCTYPE html>
<html><body><h2>Index of /images/</h2><table><tbody>
<tr class="d"><td class="n"><a href="../">..</a>/</td><td class="m">&nbsp;</td></tr>
${names.map((name) => `<tr><td class="n"><a href="${encoded(name)}">${escaped(name)}</a></td></tr>`).join('\n')}
</tbody></table></body></html>
`,
  'absolute paths without quotes': (names) =>
    names
      .map(
        (name) =>
          `<li><a class=file data-x='a>b' href=/images/${encoded(name)} title="${escaped(name)}">x</a>`,
      )
      .join('\n'),
};

function escaped(name: string): string {
  return name.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}

function encoded(name: string): string {
  return encodeURIComponent(name).replaceAll('%2F', '/');
}

/** What S3 answers to ListObjectsV2 with a delimiter. */
export function bucketPage({
  prefix,
  names,
  nextToken,
}: {
  readonly prefix: string;
  readonly names: readonly string[];
  readonly nextToken?: string;
}): string {
  const keys = names.map((name) =>
    name.endsWith('/')
      ? `<CommonPrefixes><Prefix>${escaped(prefix + name)}</Prefix></CommonPrefixes>`
      : `<Contents><Key>${escaped(prefix + name)}</Key><Size>1</Size></Contents>`,
  );
  const token = nextToken === undefined ? '' : `<NextContinuationToken>${nextToken}</NextContinuationToken>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>images</Name><Prefix>${escaped(prefix)}</Prefix>${token}<KeyCount>${names.length}</KeyCount><IsTruncated>${nextToken !== undefined}</IsTruncated>${keys.join('')}</ListBucketResult>`;
}
