import { ServiceError, type ServiceName } from '../service.ts';
import type { ActionOf, Preset } from './rules.ts';
import { answers } from './service-answers.ts';

/** What a load balancer in front of a service answers: no service's own form. */
const htmlAnswers: Readonly<Record<string, readonly [status: number, reason: string]>> = {
  'html-502': [502, 'Bad Gateway'],
  'html-503': [503, 'Service Unavailable'],
};

/** The error that a fault of kind `error` answers with. */
export function faultError(action: ActionOf<'error'>, service: ServiceName): ServiceError {
  const html = action.preset && htmlAnswers[action.preset];
  if (html) {
    const [status, reason] = html;
    const code = action.status ?? status;
    return new ServiceError(code, action.code ?? reason, action.message ?? reason, {
      headers: action.headers,
      html: `<html>\r\n<head><title>${code} ${reason}</title></head>\r\n<body>\r\n<center><h1>${code} ${reason}</h1></center>\r\n</body>\r\n</html>\r\n`,
    });
  }
  const [status, code, message, reason] = (action.preset && answers[service][action.preset]) ?? [
    action.status ?? 500,
    'InternalError',
    'A fault was set',
  ];
  const Reason = action.reason ?? reason;
  return new ServiceError(action.status ?? status, action.code ?? code, action.message ?? message, {
    headers: action.headers,
    details: Reason === undefined ? {} : { Reason },
  });
}

/** Whether the service has an answer for it: no other service fails as EBS direct does for a KMS key. */
export function hasPreset(service: ServiceName, preset: Preset): boolean {
  return preset in htmlAnswers || answers[service][preset] !== undefined;
}
