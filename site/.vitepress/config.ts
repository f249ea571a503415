import { defineConfig } from 'vitepress';

const page = (text: string, link: string) => ({ text, link: `/${link}` });

/** The pages themselves are written by src/pages.ts. */
export default defineConfig({
  title: 'ec2-image',
  description: 'From a disk image at a URL to an EC2 AMI, unattended',
  lang: 'en',
  base: process.env.SITE_BASE ?? '/',
  // On a narrow screen, a long word or line moves by itself, not the page.
  head: [
    ['style', {}, '.vp-doc pre { overflow-x: auto } .vp-doc :not(pre) > code { overflow-wrap: anywhere }'],
  ],
  srcDir: 'pages',
  outDir: 'dist',
  cacheDir: 'node_modules/.vitepress',
  // Nothing is loaded from elsewhere.
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    sidebar: [
      {
        text: 'Begin',
        items: [
          page('What it is', ''),
          page('The first import on AWS', 'first-import'),
          page('Cost and duration', 'cost'),
          page('Moving over from make', 'from-make'),
          page('Beside other tools', 'compare'),
        ],
      },
      {
        text: 'Use',
        items: [
          page('README, with all options', 'readme'),
          page('Installing', 'install'),
          page('What AWS needs to have', 'account'),
          page('Configuration', 'configuration'),
          page('How an import goes', 'import'),
          page('Images', 'images'),
          page('Trust', 'trust'),
          page('Publishing', 'publish'),
          page('Boot test', 'boot-test'),
          page('For scripts', 'scripts'),
          page('In CI', 'ci'),
          page('Many images', 'scale'),
        ],
      },
      {
        text: 'When something fails',
        items: [
          page('What to do', 'failures'),
          page('Error codes', 'errors'),
          page('Faults', 'faults'),
          page('Janitor and tag-fix', 'janitor'),
          page('Retiring', 'retire'),
        ],
      },
      { text: 'How it is built', items: [page('Architecture', 'architecture')] },
    ],
  },
});
