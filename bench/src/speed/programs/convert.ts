/** `convert.ts FILE OUTPUT`: a disk as VHDX. */
import { convertImage } from '@ec2-image/convert';

const [path = '', output = ''] = process.argv.slice(2);
await convertImage({ image: { path }, format: 'vhdx', output });
