import type { ReactNode } from "react";
import { createStore } from "../store";

export interface Question {
    title: string;
    body: ReactNode;
    confirm: string;
    danger?: boolean;
    /** What has to be typed first, for what cannot be taken back. */
    typed?: string;
}

/** What is asked now. */
export const asked = createStore<{ question: Question; resolve: (yes: boolean) => void } | null>(null);

/** Asks before something is done that cannot be undone. */
export function confirm(question: Question): Promise<boolean> {
    return new Promise((resolve) => asked.set({ question, resolve }));
}
