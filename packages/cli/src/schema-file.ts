import { fileURLToPath } from 'node:url';

/** The JSON Schema of the configuration, as it is in the package. */
export const schemaFile = fileURLToPath(new URL('../schema/ec2-image.schema.json', import.meta.url));
