/** A table in a box of its own, which scrolls where it is wider than the page. */
/// <reference lib="dom" />
import type { ComponentChildren } from "preact";
import { say } from "./say.ts";

interface TableProps {
  readonly id: string;
  readonly title: string;
  readonly heads: readonly string[];
  /** What is said where there is no row. */
  readonly none: string;
  /** Whether something can be done in its rows. */
  readonly acts?: boolean;
  readonly children: readonly ComponentChildren[];
}

export function Table({ id, title, heads, none, acts = false, children }: TableProps) {
  return (
    <section id={id}>
      <h2 id={`${id}-title`}>{title}</h2>
      <div class="scroll" tabIndex={0} role="region" aria-labelledby={`${id}-title`}>
        {children.length === 0
          ? <p class="muted">{none}</p>
          : (
            <table aria-labelledby={`${id}-title`}>
              <thead>
                <tr>
                  {heads.map((head) => <th key={head} scope="col">{head}</th>)}
                  {acts && (
                    <th scope="col">
                      <span class="unseen">{say.acts}</span>
                    </th>
                  )}
                </tr>
              </thead>
              <tbody>{children}</tbody>
            </table>
          )}
      </div>
    </section>
  );
}
