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

/**
 * Edits a user. A change carries the version that it was made on, so that what somebody else changed meanwhile is shown
 * and never overwritten unseen.
 */
export function ProfileForm({ user, isMe }: { user: User; isMe: boolean }) {
    const queries = useQueryClient();
    const [base, setBase] = useState(user);
    const [theirs, setTheirs] = useState<User>();
    const before = profileOf(base);
    const form = useForm<Profile>({
        initial: before,
        send: async (values) => {
            const body = Object.fromEntries(FIELDS.filter((field) => values[field] !== before[field]).map((field) => [field, values[field]]));
            const params = { path: { id: user.id }, header: { "If-Match": `"${base.version}"` } };
            try {
                const saved = await answer(api.PATCH("/v1/users/{id}", { params, body }));
                queries.setQueryData(userQuery(user.id).queryKey, saved);
                setBase(saved);
                setTheirs(undefined);
                form.reset(profileOf(saved));
                toast(t.saved);
            } catch (error) {
                if (isProblem(error, "stale")) setTheirs(await queries.fetchQuery({ ...userQuery(user.id), staleTime: 0 }));
                throw error;
            }
        },
    });
    const isChanged = FIELDS.some((field) => form.values[field] !== before[field]);
    if (user.version !== base.version && !isChanged) {
        // Nothing typed here is lost by showing what is new.
        setBase(user);
        form.reset(profileOf(user));
    }
    const resolve = (values: Profile) => {
        setBase(theirs!);
        form.reset(values);
        setTheirs(undefined);
    };
    return (
        <Section title={texts.user.profile}>
            <form {...form.props} className="stack">
                {theirs ? (
                    <Alert color="yellow" variant="light" title={t.conflict} role="alert">
                        <table className={classes.conflict}>
                            <thead>
                                <tr>
                                    <th>{t.field}</th>
                                    <th>{t.theirs}</th>
                                    <th>{t.yours}</th>
                                </tr>
                            </thead>
                            <tbody>
                                {FIELDS.filter((field) => profileOf(theirs)[field] !== form.values[field]).map((field) => (
                                    <tr key={field}>
                                        <th scope="row">{texts.fields[field]}</th>
                                        <td>{profileOf(theirs)[field]}</td>
                                        <td>{form.values[field]}</td>
                                    </tr>
                                ))}
                            </tbody>
                        </table>
                        <div className="row">
                            <Button size="xs" variant="default" onClick={() => resolve(profileOf(theirs))}>
                                {t.takeTheirs}
                            </Button>
                            <Button size="xs" variant="default" onClick={() => resolve(merged(before, profileOf(theirs), form.values))}>
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
                        <Button variant="default" onClick={() => form.reset(before)}>
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

/** Theirs, with what was changed here on top. */
function merged(before: Profile, theirs: Profile, mine: Profile): Profile {
    const changed = FIELDS.filter((field) => mine[field] !== before[field]).map((field) => [field, mine[field]]);
    return { ...theirs, ...Object.fromEntries(changed) } as Profile;
}
