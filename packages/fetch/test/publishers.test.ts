import { readChecksum } from '@ec2-image/fetch';
import { describe, expect, test } from 'vitest';
import { serve } from './support/server.ts';
import { digestOfBytes, patient } from './support/work.ts';

const digest = digestOfBytes('image');
const digest512 = digestOfBytes('image', 'sha512');
const hex = digest.slice(7);
const hex512 = digest512.slice(7);
/** Digests of the files beside it. */
const [other, another] = ['other', 'another'].map((text) => digestOfBytes(text).slice(7)) as [string, string];
const [other512, another512] = ['other', 'another'].map((text) => digestOfBytes(text, 'sha512').slice(7)) as [
  string,
  string,
];
const md5 = other.slice(0, 32);
const sha1 = other.slice(0, 40);

const clearSigned = (text: string) =>
  `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n${text}-----BEGIN PGP SIGNATURE-----\n\niQIzBAEBCAAdFiEE\n=abcd\n-----END PGP SIGNATURE-----\n`;
const lines = (...all: readonly string[]) => all.map((line) => `${line}\n`).join('');

interface Publisher {
  readonly name: string;
  /** Paths on the publisher's server. */
  readonly image: string;
  readonly checksum: string;
  readonly text: string;
  readonly expected?: string;
  /** Where the image's own path leads to. */
  readonly redirect?: string;
  /** The end of what is told of an entry that has another name than the image's URL. */
  readonly notice?: RegExp;
}

/** Each file written by hand after the publisher's own: names, order, comments, blanks and line ends. */
const publishers: readonly Publisher[] = [
  {
    name: 'Fedora: clear-signed BSD lines, with the sizes as comments',
    image: '/pub/fedora/linux/releases/43/Cloud/x86_64/images/Fedora-Cloud-Base-Generic-43-1.6.x86_64.qcow2',
    checksum: '/pub/fedora/linux/releases/43/Cloud/x86_64/images/Fedora-Cloud-43-1.6-x86_64-CHECKSUM',
    text: clearSigned(
      lines(
        '# Fedora-Cloud-Base-AmazonEC2-43-1.6.x86_64.raw.xz: 440297472 bytes',
        `SHA256 (Fedora-Cloud-Base-AmazonEC2-43-1.6.x86_64.raw.xz) = ${other}`,
        '# Fedora-Cloud-Base-Generic-43-1.6.x86_64.qcow2: 583532544 bytes',
        `SHA256 (Fedora-Cloud-Base-Generic-43-1.6.x86_64.qcow2) = ${hex}`,
      ),
    ),
  },
  {
    name: 'Debian: SHA512SUMS',
    image: '/images/cloud/trixie/20261117-2299/debian-13-genericcloud-amd64-20261117-2299.qcow2',
    checksum: '/images/cloud/trixie/20261117-2299/SHA512SUMS',
    text: lines(
      `${other512}  debian-13-genericcloud-amd64-20261117-2299.json`,
      `${hex512}  debian-13-genericcloud-amd64-20261117-2299.qcow2`,
      `${another512}  debian-13-genericcloud-amd64-20261117-2299.raw`,
    ),
    expected: digest512,
  },
  {
    name: 'Ubuntu: SHA256SUMS in binary mode',
    image: '/releases/noble/release-20261113/ubuntu-24.04-server-cloudimg-amd64.img',
    checksum: '/releases/noble/release-20261113/SHA256SUMS',
    text: lines(
      `${other} *ubuntu-24.04-server-cloudimg-amd64-azure.vhd.tar.gz`,
      `${hex} *ubuntu-24.04-server-cloudimg-amd64.img`,
      `${another} *ubuntu-24.04-server-cloudimg-arm64.img`,
    ),
  },
  {
    name: 'AlmaLinux: CHECKSUM of sha256sum lines',
    image: '/almalinux/10/cloud/x86_64/images/AlmaLinux-10-GenericCloud-latest.x86_64.qcow2',
    checksum: '/almalinux/10/cloud/x86_64/images/CHECKSUM',
    text: lines(
      `${other}  AlmaLinux-10-GenericCloud-10.1-20261124.0.x86_64.qcow2`,
      `${hex}  AlmaLinux-10-GenericCloud-latest.x86_64.qcow2`,
      `${another}  AlmaLinux-10-OpenNebula-latest.x86_64.qcow2`,
    ),
  },
  {
    name: 'Rocky: CHECKSUM of BSD lines, with the sizes as comments',
    image: '/pub/rocky/9/images/x86_64/Rocky-9-GenericCloud-Base.latest.x86_64.qcow2',
    checksum: '/pub/rocky/9/images/x86_64/CHECKSUM',
    text: lines(
      '# Rocky-9-GenericCloud-Base-9.6-20261001.0.x86_64.qcow2: 615055360 bytes',
      `SHA256 (Rocky-9-GenericCloud-Base-9.6-20261001.0.x86_64.qcow2) = ${other}`,
      '# Rocky-9-GenericCloud-Base.latest.x86_64.qcow2: 615055360 bytes',
      `SHA256 (Rocky-9-GenericCloud-Base.latest.x86_64.qcow2) = ${hex}`,
    ),
  },
  {
    name: 'openSUSE: .sha256 of the versioned twin',
    image: '/distribution/leap/15.6/appliances/openSUSE-Leap-15.6-Minimal-VM.x86_64-Cloud.qcow2',
    checksum: '/distribution/leap/15.6/appliances/openSUSE-Leap-15.6-Minimal-VM.x86_64-Cloud.qcow2.sha256',
    text: lines(`${hex}  openSUSE-Leap-15.6-Minimal-VM.x86_64-15.6.0-Cloud-Build19.103.qcow2`),
    notice: /Build19\.103\.qcow2, the only one in /,
  },
  {
    name: 'Arch: .SHA256 of the versioned twin',
    image: '/images/latest/Arch-Linux-x86_64-cloudimg.qcow2',
    checksum: '/images/latest/Arch-Linux-x86_64-cloudimg.qcow2.SHA256',
    text: lines(`${hex}  Arch-Linux-x86_64-cloudimg-20261115.463218.qcow2`),
    notice: /20261115\.463218\.qcow2, the only one in /,
  },
  {
    name: 'Alpine: .sha512, a digest alone',
    image: '/alpine/v3.22/releases/cloud/nocloud_alpine-3.22.1-x86_64-bios-cloudinit-r0.qcow2',
    checksum: '/alpine/v3.22/releases/cloud/nocloud_alpine-3.22.1-x86_64-bios-cloudinit-r0.qcow2.sha512',
    text: hex512,
    expected: digest512,
  },
  {
    name: 'FreeBSD: CHECKSUM.SHA512',
    image: '/releases/VM-IMAGES/14.3-RELEASE/amd64/Latest/FreeBSD-14.3-RELEASE-amd64-ufs.qcow2.xz',
    checksum: '/releases/VM-IMAGES/14.3-RELEASE/amd64/Latest/CHECKSUM.SHA512',
    text: lines(
      `SHA512 (FreeBSD-14.3-RELEASE-amd64-ufs.qcow2.xz) = ${hex512}`,
      `SHA512 (FreeBSD-14.3-RELEASE-amd64-zfs.qcow2.xz) = ${other512}`,
    ),
    expected: digest512,
  },
  {
    name: 'Flatcar: DIGESTS in sections, of which the weak ones do not count',
    image: '/amd64-usr/current/flatcar_production_openstack_image.img.bz2',
    checksum: '/amd64-usr/current/flatcar_production_openstack_image.img.bz2.DIGESTS',
    text: lines(
      '# MD5 HASH',
      `${md5}  flatcar_production_openstack_image.img.bz2`,
      '# SHA1 HASH',
      `${sha1}  flatcar_production_openstack_image.img.bz2`,
      '# SHA512 HASH',
      `${hex512}  flatcar_production_openstack_image.img.bz2`,
    ),
    expected: digest512,
  },
  {
    name: 'Fedora CoreOS: the JSON of a stream',
    image:
      '/prod/streams/stable/builds/43.20261101.3.0/x86_64/fedora-coreos-43.20261101.3.0-qemu.x86_64.qcow2.xz',
    checksum: '/streams/stable.json',
    text: JSON.stringify({
      stream: 'stable',
      metadata: { 'last-modified': '2026-11-18T18:04:56Z', generator: 'fedora-coreos-stream-generator' },
      architectures: {
        aarch64: { artifacts: coreos('aarch64', { qemu: other, metal: another }) },
        x86_64: {
          artifacts: coreos('x86_64', { qemu: hex, metal: another }),
          images: { aws: { regions: { 'us-east-1': { release: '43.20261101.3.0', image: 'ami-0' } } } },
        },
      },
    }),
  },
  {
    name: 'Talos: sha512sum.txt of a release',
    image: '/siderolabs/talos/releases/download/v1.11.3/metal-amd64.raw.zst',
    checksum: '/siderolabs/talos/releases/download/v1.11.3/sha512sum.txt',
    text: lines(
      `${other512}  initramfs-amd64.xz`,
      `${another512}  metal-arm64.raw.zst`,
      `${hex512}  metal-amd64.raw.zst`,
    ),
    expected: digest512,
  },
  {
    name: 'Kali: SHA256SUMS',
    image: '/cloud-images/kali-2026.3/kali-linux-2026.3-cloud-genericcloud-amd64.tar.xz',
    checksum: '/cloud-images/kali-2026.3/SHA256SUMS',
    text: lines(
      `${hex}  kali-linux-2026.3-cloud-genericcloud-amd64.tar.xz`,
      `${other}  kali-linux-2026.3-cloud-genericcloud-arm64.tar.xz`,
    ),
  },
  {
    name: 'OpenWrt: sha256sums in binary mode',
    image: '/releases/24.10.0/targets/x86/64/openwrt-24.10.0-x86-64-generic-ext4-combined.img.gz',
    checksum: '/releases/24.10.0/targets/x86/64/sha256sums',
    text: lines(
      `${other} *config.buildinfo`,
      `${hex} *openwrt-24.10.0-x86-64-generic-ext4-combined.img.gz`,
      `${another} *packages/Packages.gz`,
    ),
  },
  {
    name: 'NixOS: .sha256 of the file that the image redirects to',
    image: '/nixos-26.05/latest-nixos-minimal-x86_64-linux.iso',
    redirect: '/nixos/26.05/nixos-26.05.812.abcdef/nixos-minimal-26.05.812.abcdef-x86_64-linux.iso',
    checksum: '/nixos-26.05/latest-nixos-minimal-x86_64-linux.iso.sha256',
    text: lines(`${hex}  nixos-minimal-26.05.812.abcdef-x86_64-linux.iso`),
    notice: /nixos-minimal-26\.05\.812\.abcdef-x86_64-linux\.iso, as the server names the image$/,
  },
  {
    name: "GitHub: the digests of a release's assets in the API's JSON",
    image: '/owner/project/releases/download/v1.2.0/disk.qcow2',
    checksum: '/repos/owner/project/releases/latest',
    text: JSON.stringify({
      url: 'https://api.github.com/repos/owner/project/releases/1',
      tag_name: 'v1.2.0',
      assets: [
        {
          url: 'https://api.github.com/repos/owner/project/releases/assets/1',
          name: 'disk.qcow2.sig',
          label: '',
          content_type: 'application/octet-stream',
          size: 566,
          digest: `sha256:${other}`,
          browser_download_url: 'https://github.com/owner/project/releases/download/v1.2.0/disk.qcow2.sig',
        },
        {
          url: 'https://api.github.com/repos/owner/project/releases/assets/2',
          name: 'disk.qcow2',
          label: '',
          content_type: 'application/octet-stream',
          size: 583532544,
          digest: `sha256:${hex}`,
          browser_download_url: 'https://github.com/owner/project/releases/download/v1.2.0/disk.qcow2',
        },
      ],
      body: 'Notes with a digest of something else',
    }),
  },
];

function coreos(machine: string, digests: { readonly qemu: string; readonly metal: string }): object {
  const file = (kind: string, extension: string, sha256: string) => {
    const location = `https://builds.coreos.fedoraproject.org/prod/streams/stable/builds/43.20261101.3.0/${machine}/fedora-coreos-43.20261101.3.0-${kind}.${machine}.${extension}`;
    return { location, signature: `${location}.sig`, sha256, 'uncompressed-sha256': another };
  };
  return {
    qemu: {
      release: '43.20261101.3.0',
      formats: { 'qcow2.xz': { disk: file('qemu', 'qcow2.xz', digests.qemu) } },
    },
    metal: {
      release: '43.20261101.3.0',
      formats: {
        iso: { disk: file('live-iso', 'iso', digests.metal) },
        pxe: {
          kernel: file('live-kernel', 'kernel', digests.metal),
          rootfs: file('live-rootfs', 'img', digests.metal),
        },
      },
    },
  };
}

describe("each publisher's checksum file, as it is", () => {
  test.each(publishers)('$name', async (publisher) => {
    const { image, checksum, text, expected = digest, redirect, notice } = publisher;
    const { url } = await serve((request, response) => {
      if (request.url === checksum) response.end(text);
      else if (request.url === image && redirect) response.writeHead(302, { location: redirect }).end();
      else if (request.url === (redirect ?? image)) response.end('image');
      else response.writeHead(404).end();
    });
    const { notices, options } = patient();
    const found = await readChecksum({ url: url + checksum, imageUrl: url + image, ...options });
    expect(found).toEqual({ digest: expected, url: url + checksum });
    expect(notices).toEqual(notice ? [expect.stringMatching(notice)] : []);
  });
});
