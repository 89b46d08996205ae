import { Alert } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, useState, type FormEvent, type RefObject } from "react";
import { Problem } from "./api/problem";
import { toastFailure } from "./components/Toasts";
import { texts } from "./texts";

interface Options<T> {
    initial: T;
    send: (values: T) => Promise<unknown>;
    /** Which field a refusal is about, by the slug of the problem. */
    about?: Record<string, keyof T & string>;
    /** Under which name the tab keeps what was typed, so that a reload loses nothing. Never for passwords. */
    draft?: string;
    /**
     * Reads what is saved now. For forms of what others may edit, too: `initial` may change, and what was not touched
     * follows it; where somebody else changed what was, that is said before it is overwritten.
     */
    latest?: () => Promise<T>;
}

/** A form: its values, what is wrong with each of them, and sending it. */
export function useForm<T extends object>({ initial, send, about = {}, draft, latest }: Options<T>) {
    const [seen, setSeen] = useState(initial);
    const [values, setValues] = useState<T>(() => ({ ...initial, ...kept<T>(draft) }));
    const [wrong, setWrong] = useState<Record<string, string>>({});
    const [unshown, setUnshown] = useState("");
    const form = useRef<HTMLFormElement>(null);
    const isSending = useRef(false);
    const focused = useRef<Element>(null);
    const fresh = differing(seen, initial).filter((field) => same(values[field], seen[field]));
    if (latest && fresh.length > 0) {
        const change = picked(initial, fresh);
        setSeen({ ...seen, ...change });
        setValues({ ...values, ...change });
    }
    const mutation = useMutation({
        mutationFn: async (values: T) => {
            if (!latest) return send(values);
            const now = await latest();
            const mine = differing(seen, values);
            const contested = differing(seen, now).filter((field) => mine.includes(field) && !same(now[field], values[field]));
            if (contested.length === 0) return send({ ...now, ...picked(values, mine) });
            setSeen((seen) => ({ ...seen, ...picked(now, contested) }));
            const fields = contested.map((field) => ({ pointer: `/${field}`, detail: texts.common.contested(now[field]) }));
            throw new Problem(409, "contested", texts.common.contested(null), fields);
        },
        onSettled: () => void (isSending.current = false),
        onSuccess: (_data, sent) => {
            setSeen(sent);
            forget(draft);
        },
        onError: (error) => {
            if (!(error instanceof Problem)) return;
            const field = about[error.slug];
            const refused = field ? [[field, error.message] as const] : error.fields.map(({ pointer, detail }) => [pointer.slice(1), detail] as const);
            setWrong(Object.fromEntries(refused));
            setUnshown(refused.flatMap(([field, detail]) => (isShown(form, field) ? [] : detail)).join(" "));
        },
    });
    useEffect(() => focusFirstInvalid(form), [wrong]);
    const isAboutFields = mutation.error instanceof Problem && (mutation.error.slug in about || mutation.error.fields.length > 0);
    useEffect(() => {
        if (mutation.isPending || !focused.current) return;
        // A button that is busy lets the focus go, as does one that goes away.
        for (const element of [focused.current, form.current]) if (document.activeElement === document.body) (element as HTMLElement | null)?.focus();
        focused.current = null;
    });

    const set = (change: Partial<T>) => {
        setValues((values) => ({ ...values, ...change }));
        // What was not touched is as the server says, whenever the form is opened again.
        if (draft) sessionStorage.setItem(`draft.${draft}`, JSON.stringify({ ...kept<T>(draft), ...change }));
        setWrong((wrong) => Object.fromEntries(Object.entries(wrong).filter(([field]) => !(field.split("/")[0]! in change))));
    };
    return {
        values,
        set,
        /** What a text field of Mantine takes. Its password field does not say by itself that it is not valid. */
        text: <K extends keyof T & string>(name: K) => ({
            name,
            value: values[name] as string,
            error: wrong[name],
            "aria-invalid": name in wrong || undefined,
            onChange: (event: { currentTarget: { value: string } }) => set({ [name]: event.currentTarget.value } as Partial<T>),
        }),
        /** The same for components that pass on the value itself. */
        value: <K extends keyof T & string>(name: K) => ({
            name,
            value: values[name],
            error: wrong[name],
            onChange: (value: T[K]) => set({ [name]: value } as unknown as Partial<T>),
        }),
        wrong,
        isBusy: mutation.isPending,
        isDone: mutation.isSuccess,
        /** What was refused and stands beside no field. */
        error: !isAboutFields ? mutation.error : unshown ? new Error(unshown) : null,
        reset: (to: T) => {
            focused.current ??= document.activeElement;
            setSeen(to);
            setValues(to);
            setWrong({});
            mutation.reset();
            forget(draft);
        },
        props: {
            ref: form,
            tabIndex: -1,
            noValidate: true,
            onSubmit: (event: FormEvent) => {
                event.preventDefault();
                event.stopPropagation();
                // A second click comes before the button knows that it is busy.
                if (isSending.current) return;
                isSending.current = true;
                focused.current = document.activeElement;
                mutation.mutate(values);
            },
        },
    };
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

/** The fields that are not the same. */
function differing<T extends object>(one: T, other: T): (keyof T & string)[] {
    return (Object.keys(other) as (keyof T & string)[]).filter((field) => !same(one[field], other[field]));
}

function picked<T>(values: T, fields: (keyof T)[]): Partial<T> {
    return Object.fromEntries(fields.map((field) => [field, values[field]])) as Partial<T>;
}

function kept<T>(draft: string | undefined): Partial<T> {
    const text = draft && sessionStorage.getItem(`draft.${draft}`);
    return text ? (JSON.parse(text) as Partial<T>) : {};
}

function forget(draft: string | undefined): void {
    if (draft) sessionStorage.removeItem(`draft.${draft}`);
}

/** Forgets all that was typed and not sent. */
export function forgetDrafts(): void {
    for (const name of Object.keys(sessionStorage)) if (name.startsWith("draft.")) sessionStorage.removeItem(name);
}

function focusFirstInvalid(form: RefObject<HTMLFormElement | null>): void {
    form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
}

/** Whether a form shows the field, or the list of fields, that a refusal is about. */
function isShown(form: RefObject<HTMLFormElement | null>, field: string): boolean {
    const root = (name: string | null) => name?.split("/")[0];
    return Array.from(form.current?.elements ?? []).some((element) => root(element.getAttribute("name")) === root(field));
}

/** Why a form was refused, unless that stands beside its fields. */
export function FormError({ error, except = [] }: { error: Error | null; except?: string[] }) {
    if (!error || (error instanceof Problem && except.includes(error.slug))) return null;
    return (
        <Alert color="danger" variant="light" role="alert">
            {error.message}
        </Alert>
    );
}

/** Something that a button does, once for a double click; why it did not is told. */
export function useAction<A = void>(act: (argument: A) => Promise<unknown>) {
    const running = useRef(new Set<A>());
    const mutation = useMutation<unknown, Error, A>({
        mutationFn: act,
        onError: toastFailure,
        onSettled: (_data, _error, argument) => void running.current.delete(argument),
    });
    const mutate = (argument: A) => {
        if (running.current.has(argument)) return;
        running.current.add(argument);
        mutation.mutate(argument);
    };
    return { isPending: mutation.isPending, mutate };
}
