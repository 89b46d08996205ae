import { Alert, Button, NativeSelect, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../../api/client";
import { isProblem } from "../../api/problem";
import { userQuery, type Role, type User } from "../../api/queries";
import { Section } from "../../components/Page";
import { toast } from "../../components/Toasts";
import { FormError, useForm } from "../../form";
import { texts } from "../../texts";
import classes from "./UserPage.module.css";

const t = texts.profile;

type Profile = { name: string; email: string; role: Role };
const profileOf = (user: User): Profile => ({ name: user.name ?? "", email: user.email, role: user.role });
const FIELDS = ["name", "email", "role"] as const;

/** What admins change of a user, in words. */
const factsOf = (user: User): Record<string, string> => ({
    [texts.fields.name]: user.name ?? "",
    [texts.fields.email]: user.email,
    [texts.fields.role]: texts.role[user.role],
    [texts.user.status]: texts.status[user.status],
    [texts.fields.appRoles]: Object.entries(user.app_roles)
        .map(([app, role]) => `${app}: ${role}`)
        .join(", "),
});

/** The names of what differs between two versions of a user. */
function changed(before: User, after: User): string[] {
    const facts = factsOf(before);
    return Object.entries(factsOf(after)).flatMap(([name, fact]) => (fact === facts[name] ? [] : [name]));
}

/**
 * Edits a user. A change carries the version that it was made on. Where somebody else changed the same meanwhile, that is
 * shown and never overwritten unseen; whatever else they changed stays.
 */
export function ProfileForm({ user, isMe }: { user: User; isMe: boolean }) {
    const queries = useQueryClient();
    const [base, setBase] = useState(user);
    const [theirs, setTheirs] = useState<User>();
    const before = profileOf(base);
    const save = async (values: Profile, seen: User): Promise<void> => {
        const mine = FIELDS.filter((field) => values[field] !== before[field]);
        const body = Object.fromEntries(mine.map((field) => [field, values[field]]));
        const params = { path: { id: user.id }, header: { "If-Match": `"${seen.version}"` } };
        try {
            const saved = await answer(api.PATCH("/v1/users/{id}", { params, body }));
            queries.setQueryData(userQuery(user.id).queryKey, saved);
            show(saved);
            const others = changed({ ...base, ...body }, { ...seen, ...body });
            toast(others.length > 0 ? t.savedBeside(others) : t.saved);
        } catch (error) {
            if (!isProblem(error, "stale")) throw error;
            const now = await queries.fetchQuery({ ...userQuery(user.id), staleTime: 0 });
            const isContested = mine.some((field) => ![profileOf(seen)[field], values[field]].includes(profileOf(now)[field]));
            if (!isContested) return save(values, now);
            setTheirs(now);
            throw error;
        }
    };
    const form = useForm<Profile>({ initial: before, send: (values) => save(values, theirs ?? base), draft: `profile.${user.id}` });
    const isChanged = FIELDS.some((field) => form.values[field] !== before[field]);
    const show = (user: User) => {
        setBase(user);
        setTheirs(undefined);
        form.reset(profileOf(user));
    };
    // Nothing typed here is lost by showing what is new.
    if (user.version !== base.version && !isChanged) show(user);
    const mine = { ...base, ...form.values };
    return (
        <Section title={texts.user.profile}>
            <form {...form.props} className="stack">
                {theirs ? (
                    <Alert color="yellow" variant="light" title={t.conflict} role="alert">
                        <table className={classes.conflict}>
                            <thead>
                                <tr>
                                    <th>{t.field}</th>
                                    <th>{t.before}</th>
                                    <th>{t.theirs}</th>
                                    <th>{t.yours}</th>
                                </tr>
                            </thead>
                            <tbody>
                                {changed(base, theirs).map((name) => (
                                    <tr key={name}>
                                        <th scope="row">{name}</th>
                                        <td>{factsOf(base)[name]}</td>
                                        <td>{factsOf(theirs)[name]}</td>
                                        <td>{changed(base, mine).includes(name) ? factsOf(mine)[name] : null}</td>
                                    </tr>
                                ))}
                            </tbody>
                        </table>
                        <div className="row">
                            <Button size="xs" variant="default" onClick={() => show(theirs)}>
                                {t.takeTheirs}
                            </Button>
                            <Button size="xs" variant="default" loading={form.isBusy} onClick={({ currentTarget }) => currentTarget.form?.requestSubmit()}>
                                {t.keepMine}
                            </Button>
                        </div>
                    </Alert>
                ) : (
                    <FormError error={form.error} />
                )}
                <div className="fields">
                    <TextInput label={texts.fields.name} autoComplete="off" {...form.text("name")} />
                    <TextInput label={texts.fields.email} type="email" autoComplete="off" {...form.text("email")} />
                </div>
                <NativeSelect
                    label={texts.fields.role}
                    description={isMe ? t.ownRole : t.roleHint[form.values.role]}
                    disabled={isMe}
                    data={(["member", "builder", "admin"] as const).map((role) => ({ value: role, label: texts.role[role] }))}
                    {...form.text("role")}
                />
                <div className="row end">
                    {isChanged && (
                        <Button variant="default" onClick={() => show(theirs ?? base)}>
                            {t.discard}
                        </Button>
                    )}
                    <Button type="submit" loading={form.isBusy} disabled={!isChanged || theirs !== undefined}>
                        {texts.common.save}
                    </Button>
                </div>
            </form>
        </Section>
    );
}
