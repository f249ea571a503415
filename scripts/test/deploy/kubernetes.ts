import { CronJob, Job } from 'kubernetes-models/batch/v1';

const kinds = { Job, CronJob };

/**
 * What a cluster that checks strictly would not take of a manifest. The validators know no superfluous field: whatever they never
 * ask for is one.
 */
export function problemsOfManifest({ kind, ...fields }: { readonly kind: keyof typeof kinds }): string[] {
  const unread = new Set<string>();
  // Put in afterwards: what the constructor is given it copies, field by field.
  const model = Object.assign(new kinds[kind](), watch(fields, { path: '', unread }));
  try {
    model.validate();
  } catch (error) {
    return [(error as Error).message];
  }
  return [...unread];
}

function watch(
  value: object,
  { path, unread }: { readonly path: string; readonly unread: Set<string> },
): object {
  const inner = new Map<PropertyKey, unknown>();
  for (const [key, field] of Object.entries(value)) {
    const place = `${path}/${key}`;
    unread.add(place);
    inner.set(
      key,
      field !== null && typeof field === 'object' ? watch(field, { path: place, unread }) : field,
    );
  }
  const read = (key: PropertyKey) => unread.delete(`${path}/${String(key)}`);
  return new Proxy(value, {
    get(target, key) {
      read(key);
      return inner.has(key) ? inner.get(key) : Reflect.get(target, key);
    },
    // Of a map or a list, every key is asked for.
    ownKeys(target) {
      for (const key of Reflect.ownKeys(target)) read(key);
      return Reflect.ownKeys(target);
    },
  });
}
