/** The name of an SSM parameter; placeholders of which nothing is given stay. */
export function fillInParameter(template: string, parts: Readonly<Record<string, string>>): string {
  return template.replace(/\{([^{}]*)\}/g, (text, word) =>
    Object.hasOwn(parts, word) ? parts[word]! : text,
  );
}
