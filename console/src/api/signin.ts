import { createStore } from "../store";

type Waiting = ((signedIn: boolean) => void)[];

let isKnown = false;

/** Notes whether somebody is signed in. Only a session that was there can end. */
export function noteSession(isThere: boolean): void {
    isKnown = isThere;
}

export function hasSession(): boolean {
    return isKnown;
}

/** The requests that wait for somebody to sign in again. */
export const signInNeeded = createStore<Waiting>([]);

/** Asks to sign in again; `false` when that was declined. */
export function signInAgain(): Promise<boolean> {
    return new Promise((resolve) => signInNeeded.set([...signInNeeded.get(), resolve]));
}

export function signInDone(signedIn: boolean): void {
    const waiting = signInNeeded.get();
    signInNeeded.set([]);
    for (const resolve of waiting) resolve(signedIn);
}
