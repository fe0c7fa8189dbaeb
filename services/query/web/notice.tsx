import type { ComponentChildren } from 'preact';

interface NoticeProps {
  readonly title: string;
  readonly isError?: boolean;
  readonly children?: ComponentChildren;
}

/** What stands where data would be: nothing here yet, or something went wrong. */
export function Notice({ title, isError = false, children }: NoticeProps) {
  return (
    <div class={isError ? 'notice notice-error' : 'notice'} role={isError ? 'alert' : undefined}>
      <p class="notice-title">{title}</p>
      {children}
    </div>
  );
}
