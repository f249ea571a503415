import type { JsonSchema } from './kinds/kind.ts';
import { isAtTop, isOfImage, type OptionEntry, type OptionTable } from './option.ts';
import { optionTable } from './table.ts';

/** `${NAME}` may stand for any value, and is a number or a switch only once the environment has been asked. */
const variable: JsonSchema = { type: 'string', pattern: '\\$\\{' };

/** The JSON Schema of `ec2-image.yaml`, for editors. */
export function configurationSchema(table: OptionTable = optionTable): JsonSchema {
  const entries = Object.entries(table);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'ec2-image.yaml',
    description: 'Configuration of ec2-image: defaults at the top, and the images to import.',
    type: 'object',
    additionalProperties: false,
    properties: {
      ...propertiesOf(entries.filter(([, entry]) => isAtTop(entry))),
      images: {
        description: 'The images, by name. The AMI is named <name>-i<suffix>.',
        type: 'object',
        additionalProperties: {
          type: 'object',
          additionalProperties: false,
          properties: propertiesOf(entries.filter(([, entry]) => isOfImage(entry))),
        },
      },
    },
  };
}

function propertiesOf(entries: readonly (readonly [string, OptionEntry])[]): JsonSchema {
  return Object.fromEntries(entries.map(([key, entry]) => [key, propertyOf(entry)]));
}

function propertyOf({ kind, help, default: otherwise }: OptionEntry): JsonSchema {
  const description = `${help}${otherwise === undefined ? '' : ` (default: ${otherwise})`}`;
  return { description, anyOf: [kind.jsonSchema, variable] };
}
