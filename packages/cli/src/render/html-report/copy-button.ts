import { type Html, html } from './html.ts';

/** Of no use without script, which shows it. */
export function copyButton(text: string, what: string): Html {
  return html`<button type="button" class="copy" data-copy="${text}" aria-label="Copy ${what}" hidden>Copy</button>`;
}

/** The page's only script: it copies, and says that it has. */
export const copyScript = `for (const button of document.querySelectorAll('button[data-copy]')) {
  button.hidden = false;
  button.addEventListener('click', async () => {
    const text = button.dataset.copy;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const field = document.createElement('textarea');
      field.value = text;
      document.body.append(field);
      field.select();
      document.execCommand('copy');
      field.remove();
      button.focus();
    }
    button.textContent = 'Copied';
    document.querySelector('[role=status]').textContent = 'Copied ' + text;
    setTimeout(() => { button.textContent = 'Copy'; }, 2000);
  });
}
`;
