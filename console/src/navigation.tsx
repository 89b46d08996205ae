/** Where somebody is, and how they get elsewhere: the history of the browser, and the page that belongs to the address. */
import { useEffect, type ComponentProps, type ComponentType, type MouseEvent } from "react";
import { confirm } from "./components/confirm";
import { Splash } from "./components/states";
import { routeOf, type Route } from "./routes";
import { createStore } from "./store";
import { texts } from "./texts";

interface Place {
    Page: ComponentType;
    seenBy: Route["seenBy"];
    pathname: string;
    search: string;
    /** What the entry of the history keeps beside the address. */
    state: unknown;
    parameters: Record<string, string>;
}

const place = createStore<Place | null>(null);
const moving = createStore(false);
/** What would be lost by going elsewhere. */
const holds = createStore<{ why: string }[]>([]);
const loaded = new Map<Route, ComponentType>();
let moves = 0;

/** Shows what the address says. What was shown before stays until all of it is there. */
export async function show(): Promise<void> {
    const move = ++moves;
    const { pathname, search } = location;
    const { route, parameters } = routeOf(pathname);
    let Page = loaded.get(route);
    if (!Page) {
        moving.set(true);
        Page = await load(route);
        if (move !== moves) return;
    }
    moving.set(false);
    place.set({ Page, seenBy: route.seenBy, pathname, search, state: history.state, parameters });
}

async function load(route: Route): Promise<ComponentType> {
    try {
        const { default: Page } = await route.load();
        loaded.set(route, Page);
        return Page;
    } catch (cause) {
        return () => {
            throw new Error(texts.broken.notLoaded, { cause });
        };
    }
}

interface How {
    /** Whether there is no way back to where somebody is now. */
    replace?: boolean;
    state?: unknown;
}

/** Goes to an address of ours; done when its page is there. */
export async function navigate(to: string, { replace = false, state = null }: How = {}): Promise<void> {
    if (isHeld(new URL(to, location.href)) && !(await mayLeave())) return;
    history[replace ? "replaceState" : "pushState"](state, "", to);
    return show();
}

/** Shows where a step in the history led. */
export async function arrive(): Promise<void> {
    const here = place.get();
    if (!here || !isHeld(here)) return show();
    // The step is done already; it is taken back until it is clear that it was meant.
    history.pushState(here.state, "", here.pathname + here.search);
    if (await mayLeave()) history.back();
}

/** Whether something would be lost between an address and where the browser is. */
function isHeld({ pathname }: { pathname: string }): boolean {
    return holds.get().length > 0 && pathname !== location.pathname;
}

/** Asks before something is lost, if there is something to lose. */
export async function mayLeave(): Promise<boolean> {
    const [hold] = holds.get();
    const isSure = !hold || (await confirm({ title: texts.common.leaveTitle, body: hold.why, confirm: texts.common.leave, danger: true }));
    if (isSure) holds.set([]);
    return isSure;
}

/** As long as there is a reason why, nobody leaves the page unasked. */
export function useHold(why: string | undefined): void {
    useEffect(() => {
        if (!why) return;
        const hold = { why };
        const ask = (event: Event) => event.preventDefault();
        holds.set([...holds.get(), hold]);
        addEventListener("beforeunload", ask);
        return () => {
            holds.set(holds.get().filter((other) => other !== hold));
            removeEventListener("beforeunload", ask);
        };
    }, [why]);
}

export function useLocation(): Place {
    const here = place.use();
    if (!here) throw new Error("no page is shown yet");
    return here;
}

/** Whether the next page is on its way. */
export const useIsMoving = moving.use;

/** Leads on to somewhere else. */
export function Navigate({ to }: { to: string }) {
    useEffect(() => void navigate(to, { replace: true }), [to]);
    return <Splash />;
}

export function Link({ to, state, onClick, ...rest }: ComponentProps<"a"> & { to: string; state?: unknown }) {
    const follow = (event: MouseEvent<HTMLAnchorElement>) => {
        onClick?.(event);
        // With a key held, it is for the browser: another tab, another window, a file.
        const isPlain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
        if (!isPlain || event.defaultPrevented) return;
        event.preventDefault();
        void navigate(to, { state, replace: event.currentTarget.href === location.href });
    };
    return <a {...rest} href={to} onClick={follow} />;
}
