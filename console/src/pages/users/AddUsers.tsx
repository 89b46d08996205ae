import { Alert, Button, Modal, NativeSelect, Progress, SegmentedControl, Tabs, Textarea, TextInput } from "@mantine/core";
import { useMounted } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "../../navigation";
import { parseAddresses, writeAddresses } from "../../addresses";
import { answer, api } from "../../api/client";
import { isProblem } from "../../api/problem";
import { emailSettingsQuery, type Role, type RowResult, type User } from "../../api/queries";
import { AppRolesInput, existing } from "../../components/AppRolesInput";
import { useClosing, useIsKept, useKeepOpen } from "../../components/closing";
import { Label } from "../../components/labels";
import { Secret } from "../../components/Secret";
import { FormError, useForm } from "../../form";
import { texts } from "../../texts";
import { useUrl } from "../../url";
import classes from "./AddUsers.module.css";
import { inParts } from "./parts";

const t = texts.addUsers;

/** Adds users, in the two ways there are. Which one is open stands in the address. */
export default function AddUsers() {
    const url = useUrl();
    const how = url.get("add");
    const closing = useClosing();
    const isKept = useIsKept();
    // A window that is there from the start would not know where the focus came from.
    const isMounted = useMounted();
    const [shown, setShown] = useState(how);
    // What is shown stays while the window fades out.
    if (how && shown !== how) setShown(how);
    const close = () => url.change({ add: undefined }, { replace: true });
    return (
        <Modal opened={isMounted && how !== undefined} onClose={close} {...closing} title={t.title} size="lg">
            <Tabs value={shown ?? "email"} onChange={(how) => url.change({ add: how ?? undefined }, { replace: true })} keepMounted={false}>
                <Tabs.List mb="md" grow>
                    <Tabs.Tab value="email" px={4} disabled={isKept}>{t.byEmail}</Tabs.Tab>
                    <Tabs.Tab value="password" px={4} disabled={isKept}>{t.byPassword}</Tabs.Tab>
                </Tabs.List>
                <Tabs.Panel value="email">
                    <ByEmail close={close} />
                </Tabs.Panel>
                <Tabs.Panel value="password">
                    <ByPassword close={close} />
                </Tabs.Panel>
            </Tabs>
        </Modal>
    );
}

const ROLES = (["member", "builder", "admin"] as const).map((role) => ({ value: role, label: texts.role[role] }));
const VALID = [24, 72, 168, 336, 720];

function ByEmail({ close }: { close: () => void }) {
    const settings = useQuery(emailSettingsQuery);
    const [sent, setSent] = useState<number>();
    const [results, setResults] = useState<RowResult[]>();
    const [link, setLink] = useState<{ user: User; link: string | null }>();
    const initial = {
        email: "",
        name: "",
        role: "member" as Role,
        app_roles: {} as Record<string, string>,
        message: "",
        valid_hours: "",
        delivery: "email" as "email" | "link",
    };
    const form = useForm({
        initial,
        draft: "invite",
        send: async ({ email, name, role, app_roles, message, valid_hours, delivery }) => {
            const people = parseAddresses(email);
            const common = {
                role,
                app_roles: await existing(app_roles),
                message: message || undefined,
                valid_hours: valid_hours ? Number(valid_hours) : undefined,
            };
            const [only] = people;
            if (people.length > 1) {
                const told: RowResult[] = [];
                const rows = people.map((person) => ({ ...person, ...common }));
                setSent(0);
                try {
                    for await (const { results } of inParts(rows, (invites) => answer(api.POST("/v1/invites/batch", { body: { invites } })))) {
                        setSent(told.push(...results));
                    }
                } catch (error) {
                    if (told.length === 0) throw error;
                    const detail = (error as Error).message;
                    told.push(...people.slice(told.length).map(({ email }) => ({ email, outcome: "unsent", detail })));
                } finally {
                    setSent(undefined);
                }
                setResults(told);
                return;
            }
            const body = { email: only?.email ?? "", name: name || only?.name, delivery, ...common };
            const { user, invite_link } = await answer(api.POST("/v1/invites", { body }));
            if (delivery === "link") setLink({ user, link: invite_link ?? null });
            else setResults([{ email: user.email, outcome: "invited", user_id: user.id }]);
        },
    });
    useKeepOpen(form.isBusy);
    const people = parseAddresses(form.values.email);
    const again = () => {
        const failed = people.filter((_, at) => FAILED.includes(results?.[at]?.outcome ?? ""));
        setResults(undefined);
        setLink(undefined);
        form.reset(initial);
        if (failed.length > 0) form.set({ ...form.values, email: writeAddresses(failed) });
    };
    if (link) {
        return (
            <div className="stack">
                <p>{t.linkReady(link.user.email)}</p>
                {link.link ? <Secret label={t.link} value={link.link} /> : <p className="muted">{t.linkGone}</p>}
                <p className="muted small">{t.linkOnce}</p>
                <Done close={close} again={again} />
            </div>
        );
    }
    if (results) return <Results results={results} done={<Done close={close} again={again} />} />;

    const isMany = people.length > 1;
    const isUnconfigured = settings.data?.configured === false;
    const isLink = form.values.delivery === "link" && !isMany;
    return (
        <form {...form.props} className="stack">
            {isUnconfigured && !isLink && <NotConfigured useLink={isMany ? undefined : () => form.set({ delivery: "link" })} />}
            <Taken error={form.error} />
            <FormError error={form.error} except={["email-taken"]} />
            <Textarea
                label={t.emails}
                description={t.emailsHint}
                autosize
                minRows={1}
                maxRows={8}
                data-autofocus
                readOnly={form.isBusy}
                {...form.text("email")}
            />
            {isMany && <p className="muted small number">{t.people(people.length)}</p>}
            {!isMany && <TextInput label={t.name} description={t.nameHint} {...form.text("name")} />}
            <div className="fields">
                <NativeSelect label={texts.fields.role} data={ROLES} {...form.text("role")} />
                <NativeSelect
                    label={t.validFor}
                    data={[
                        { value: "", label: t.validDefault(settings.data?.invite_valid_hours ?? 168) },
                        ...VALID.map((hours) => ({ value: String(hours), label: texts.hours(hours) })),
                    ]}
                    {...form.text("valid_hours")}
                />
            </div>
            <AppRolesInput value={form.values.app_roles} onChange={(app_roles) => form.set({ app_roles })} />
            {!isLink && <Textarea label={t.message} description={t.messageHint} autosize minRows={2} {...form.text("message")} />}
            {!isMany && (
                <SegmentedControl
                    aria-label={t.delivery}
                    value={form.values.delivery}
                    onChange={(delivery) => form.set({ delivery: delivery as "email" | "link" })}
                    data={[
                        { value: "email", label: t.deliverEmail },
                        { value: "link", label: t.deliverLink },
                    ]}
                />
            )}
            {sent !== undefined && (
                <div>
                    <Progress value={(sent / people.length) * 100} aria-label={texts.bulk.working} />
                    <p className="muted small number">{texts.bulk.progress(sent, people.length)}</p>
                </div>
            )}
            <div className="row end">
                <Button variant="default" onClick={close}>
                    {texts.common.cancel}
                </Button>
                <Button type="submit" loading={form.isBusy} disabled={isUnconfigured && !isLink}>
                    {isLink ? t.makeLink : t.invite(people.length)}
                </Button>
            </div>
        </form>
    );
}

function ByPassword({ close }: { close: () => void }) {
    const [created, setCreated] = useState<{ user: User; temporary_password: string | null }>();
    const initial = { email: "", name: "", role: "member" as Role, app_roles: {} as Record<string, string> };
    const form = useForm({
        initial,
        draft: "create-user",
        send: async ({ email, name, role, app_roles }) => {
            const body = { email, name: name || undefined, role, app_roles: await existing(app_roles) };
            setCreated(await answer(api.POST("/v1/users", { body })));
        },
    });
    useKeepOpen(form.isBusy);
    if (created) {
        return (
            <div className="stack">
                <p>{t.created(created.user.email)}</p>
                {created.temporary_password ? (
                    <>
                        <Secret label={t.temporaryPassword} value={created.temporary_password} />
                        <p className="muted small">{t.temporaryOnce}</p>
                    </>
                ) : (
                    <p className="muted">{t.temporaryGone}</p>
                )}
                <Done
                    close={close}
                    again={() => {
                        setCreated(undefined);
                        form.reset(initial);
                    }}
                />
            </div>
        );
    }
    return (
        <form {...form.props} className="stack">
            <p className="muted">{t.byPasswordLead}</p>
            <Taken error={form.error} />
            <FormError error={form.error} except={["email-taken"]} />
            <div className="fields">
                <TextInput label={texts.fields.email} type="email" autoComplete="off" data-autofocus {...form.text("email")} />
                <TextInput label={t.name} autoComplete="off" {...form.text("name")} />
            </div>
            <NativeSelect label={texts.fields.role} data={ROLES} {...form.text("role")} />
            <AppRolesInput value={form.values.app_roles} onChange={(app_roles) => form.set({ app_roles })} />
            <div className="row end">
                <Button variant="default" onClick={close}>
                    {texts.common.cancel}
                </Button>
                <Button type="submit" loading={form.isBusy}>
                    {t.create}
                </Button>
            </div>
        </form>
    );
}

function NotConfigured({ useLink }: { useLink?: () => void }) {
    return (
        <Alert color="yellow" variant="light" title={t.notConfigured}>
            <p>{t.notConfiguredLead}</p>
            <div className={`row ${classes.ways}`}>
                <Button size="xs" variant="default" component={Link} to="/settings/email">
                    {t.configure}
                </Button>
                {useLink && (
                    <Button size="xs" variant="default" onClick={useLink}>
                        {t.useLink}
                    </Button>
                )}
            </div>
        </Alert>
    );
}

function Taken({ error }: { error: Error | null }) {
    if (!isProblem(error, "email-taken")) return null;
    const { user_id, user_status } = error.more;
    return (
        <Alert color="danger" variant="light" role="alert">
            <p>{error.message}</p>
            {typeof user_id === "string" && (
                <Link to={`/users/${user_id}`}>{t.showTaken(texts.status[user_status as User["status"]] ?? "")}</Link>
            )}
        </Alert>
    );
}

const OUTCOMES: Record<string, "good" | "idle" | "bad"> = { invited: "good", created: "good", exists: "idle", invalid: "bad" };

/** What can be mended and sent again. */
const FAILED = ["invalid", "unsent"];

/** How each row of many went. */
export function Results({ results, done }: { results: RowResult[]; done?: React.ReactNode }) {
    return (
        <div className="stack">
            <p role="status">
                {t.summary((outcome) => results.filter((result) => result.outcome === outcome).length)}
            </p>
            <ul className={`plain ${classes.results}`} tabIndex={0} aria-label={t.results}>
                {results.map(({ email, outcome, detail, user_id }, row) => (
                    <li key={row}>
                        <span className="truncate">{user_id ? <Link to={`/users/${user_id}`}>{email}</Link> : email}</span>
                        <Label tone={OUTCOMES[outcome] ?? "bad"}>{texts.outcome[outcome] ?? outcome}</Label>
                        {detail && <span className="muted small">{detail}</span>}
                    </li>
                ))}
            </ul>
            {done}
        </div>
    );
}

function Done({ close, again }: { close: () => void; again: () => void }) {
    return (
        <div className="row end">
            <Button variant="default" onClick={again}>
                {t.again}
            </Button>
            <Button onClick={close} data-autofocus>
                {texts.common.done}
            </Button>
        </div>
    );
}
