/** A process of its own that converts with qemu-img, to be killed: `node convert-child.ts IMAGE FORMAT OUTPUT`. */
import { convertImage, type DiskFormat } from '@ec2-image/convert';

const [path, format, output] = process.argv.slice(2) as [string, DiskFormat, string];
await convertImage({ image: { path }, format, converter: 'qemu-img', output });
