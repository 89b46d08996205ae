import { Alert, Button, NativeSelect, Progress, SegmentedControl } from "@mantine/core";
import { IconUpload } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Link, mayLeave, useHold } from "../../navigation";
import { answer, api } from "../../api/client";
import { appsQuery, emailSettingsQuery, type App, type Role, type RowResult } from "../../api/queries";
import { Label } from "../../components/labels";
import { Page, Section } from "../../components/Page";
import table from "../../components/table.module.css";
import { toastFailure } from "../../components/Toasts";
import { decode, download, parseCsv, writeCsv, type Line } from "../../csv";
import { useAction } from "../../form";
import { texts } from "../../texts";
import classes from "./ImportUsers.module.css";
import { inParts } from "./parts";

const t = texts.importUsers;

type How = "invite" | "create";
interface Source {
    name: string;
    header: string[];
    rows: Line[];
}
/** What each column holds: "", one of the fields of a person, or "app:" and a slug. */
type Columns = string[];
interface Person {
    email: string;
    name?: string;
    role?: Role;
    app_roles?: Record<string, string>;
}
interface Row {
    line: number;
    person: Person;
}
/** A row, and what is or would become of it. */
interface Told extends Row {
    result: RowResult;
}

export default function ImportUsers() {
    const apps = useQuery(appsQuery);
    const settings = useQuery(emailSettingsQuery);
    const queries = useQueryClient();
    const [how, setHow] = useState<How>("invite");
    const [source, setSource] = useState<Source>();
    const [refusal, setRefusal] = useState<string>();
    const [columns, setColumns] = useState<Columns>([]);
    const [checked, setChecked] = useState<Told[]>();
    const [sent, setSent] = useState<Told[]>();
    const [isBusy, setIsBusy] = useState(false);
    const [isSaved, setIsSaved] = useState(false);
    const isGone = useRef(false);
    useEffect(() => {
        isGone.current = false;
        return () => void (isGone.current = true);
    }, []);

    const hasPasswords = sent?.some(({ result }) => result.temporary_password);
    useHold(sent && isBusy ? t.leaveRunning : hasPasswords && !isSaved ? t.leavePasswords : undefined);

    const { mutate: take } = useAction(async (file: File) => {
        const known = await queries.ensureQueryData(appsQuery);
        const text = decode(await file.arrayBuffer());
        const [header, ...rows] = text === undefined ? [] : parseCsv(text);
        setRefusal(text === undefined ? t.noCsv(file.name) : rows.length === 0 ? t.noRows(file.name) : undefined);
        setSource(header && rows.length > 0 ? { name: file.name, header: header.cells, rows } : undefined);
        setColumns(guess(header?.cells ?? [], known));
        setChecked(undefined);
    });
    const rows = source?.rows.map(({ line, cells }) => ({ line, person: personOf(cells, columns, apps.data ?? []) })) ?? [];
    const send = async (rows: Row[], isDry: boolean, tell: (part: Told[]) => void) => {
        const post = async (part: Row[]) => {
            const people = part.map(({ person }) => person);
            const { results }: { results: RowResult[] } =
                how === "invite"
                    ? await answer(api.POST("/v1/invites/batch", { body: { invites: people, dry_run: isDry } }))
                    : await answer(api.POST("/v1/users/batch", { body: { users: people, dry_run: isDry } }));
            return part.map((row, at) => ({ ...row, result: isDry ? results[at]! : explained(results[at]!) }));
        };
        setIsBusy(true);
        try {
            for await (const part of inParts(rows, post)) {
                if (isGone.current) break;
                tell(part);
            }
        } catch (error) {
            toastFailure(error);
        }
        setIsBusy(false);
    };
    const check = async () => {
        const all: Told[] = [];
        await send(rows, true, (part) => all.push(...part));
        if (all.length === rows.length) setChecked(all);
    };
    const good = checked?.filter(isGood) ?? [];
    const isDone = sent?.length === good.length;
    const go = async (before: Told[]) => {
        setSent(before);
        setIsSaved(false);
        await send(good.slice(before.length), false, (part) => setSent((sent = []) => [...sent, ...part]));
        await queries.invalidateQueries();
    };
    const startOver = async () => {
        if (!(await mayLeave())) return;
        setSource(undefined);
        setChecked(undefined);
        setSent(undefined);
    };
    const needsEmail = how === "invite" && settings.data?.configured === false;

    if (checked && sent) {
        const told = outcomes(checked, sent);
        return (
            <Page title={t.title} lead={t.lead} back={{ to: "/users", label: texts.users.title }} narrow>
                <Section
                    title={isBusy ? t.working : isDone ? t.finished : t.stopped(sent.length, good.length)}
                    lead={hasPasswords && !isBusy ? t.passwords : undefined}
                    flush
                    actions={
                        <>
                            <Button variant="default" disabled={isBusy} onClick={() => void startOver()}>
                                {t.again}
                            </Button>
                            <Button
                                variant="default"
                                disabled={isBusy}
                                onClick={() => {
                                    download("result.csv", resultCsv(told));
                                    setIsSaved(true);
                                }}
                            >
                                {t.downloadResult}
                            </Button>
                            {!isBusy && !isDone && <Button onClick={() => void go(sent)}>{t.goOn}</Button>}
                        </>
                    }
                >
                    {isBusy && (
                        <div className={classes.progress}>
                            <Progress value={(sent.length / good.length) * 100} aria-label={t.working} />
                            <p className="muted small number">{texts.bulk.progress(sent.length, good.length)}</p>
                        </div>
                    )}
                    <Rows told={told} />
                </Section>
            </Page>
        );
    }
    return (
        <Page title={t.title} lead={t.lead} back={{ to: "/users", label: texts.users.title }} narrow>
            <Section title={t.step1}>
                <div className="stack">
                    <SegmentedControl
                        aria-label={t.how}
                        value={how}
                        disabled={isBusy}
                        onChange={(how) => {
                            setHow(how as How);
                            setChecked(undefined);
                        }}
                        data={[
                            { value: "invite", label: texts.addUsers.byEmail },
                            { value: "create", label: texts.addUsers.byPassword },
                        ]}
                    />
                    <p className="muted small">{how === "invite" ? texts.users.addByEmailLead : texts.users.addByPasswordLead}</p>
                    {needsEmail && (
                        <Alert color="yellow" variant="light" title={texts.addUsers.notConfigured}>
                            <Link to="/settings/email">{texts.addUsers.configure}</Link>
                        </Alert>
                    )}
                    <Drop take={take} isBusy={isBusy} name={source && t.file(source.name, source.rows.length)} />
                    {refusal && (
                        <Alert color="danger" variant="light" role="alert">
                            {refusal}
                        </Alert>
                    )}
                    <p className="muted small">
                        {t.example}{" "}
                        <button type="button" className={classes.link} onClick={() => download("example.csv", writeCsv(t.exampleRows))}>
                            {t.exampleDownload}
                        </button>
                    </p>
                </div>
            </Section>
            {source && (
                <Section title={t.step2} lead={t.step2Lead}>
                    <div className="stack">
                        <div className="fields">
                            {source.header.map((name, at) => (
                                <NativeSelect
                                    key={at}
                                    label={name || t.column(at + 1)}
                                    description={source.rows[0]?.cells[at] ? t.such(source.rows[0].cells[at]) : undefined}
                                    value={columns[at]}
                                    disabled={isBusy}
                                    onChange={(event) => {
                                        const kind = event.currentTarget.value;
                                        setColumns(columns.map((column, other) => (other === at ? kind : column === kind ? "" : column)));
                                        setChecked(undefined);
                                    }}
                                    data={[
                                        { value: "", label: t.ignore },
                                        { value: "email", label: texts.fields.email },
                                        { value: "name", label: texts.fields.name },
                                        { value: "first_name", label: t.firstName },
                                        { value: "last_name", label: t.lastName },
                                        { value: "role", label: texts.fields.role },
                                        ...(apps.data ?? []).map(({ slug, name }) => ({ value: `app:${slug}`, label: t.roleIn(name) })),
                                    ]}
                                />
                            ))}
                        </div>
                        <div className="row end">
                            <Button onClick={() => void check()} loading={isBusy} disabled={!columns.includes("email") || needsEmail}>
                                {t.check}
                            </Button>
                        </div>
                    </div>
                </Section>
            )}
            {checked && (
                <Section
                    title={t.step3}
                    lead={t.checked(good.length, checked.length - good.length)}
                    flush
                    actions={
                        <Button onClick={() => void go([])} disabled={good.length === 0 || isBusy}>
                            {how === "invite" ? t.invite(good.length) : t.create(good.length)}
                        </Button>
                    }
                >
                    <Rows told={checked} />
                </Section>
            )}
        </Page>
    );
}

function Drop({ take, isBusy, name }: { take: (file: File) => void; isBusy: boolean; name: string | undefined }) {
    const input = useRef<HTMLInputElement>(null);
    const [isOver, setIsOver] = useState(false);
    return (
        <div
            className={classes.drop}
            data-over={isOver}
            onDragOver={(event) => {
                event.preventDefault();
                setIsOver(true);
            }}
            onDragLeave={() => setIsOver(false)}
            onDrop={(event) => {
                event.preventDefault();
                setIsOver(false);
                const file = event.dataTransfer.files[0];
                if (file && !isBusy) take(file);
            }}
        >
            <IconUpload size={20} aria-hidden />
            <span>{name ?? t.drop}</span>
            <Button size="xs" variant="default" disabled={isBusy} onClick={() => input.current?.click()}>
                {t.choose}
            </Button>
            <input
                ref={input}
                type="file"
                className="hidden"
                disabled={isBusy}
                accept=".csv,.tsv,.txt,text/csv"
                aria-label={t.choose}
                tabIndex={-1}
                onChange={(event) => {
                    const file = event.currentTarget.files?.[0];
                    if (file) take(file);
                    event.currentTarget.value = "";
                }}
            />
        </div>
    );
}

const TONES: Record<string, "good" | "idle"> = { invited: "good", created: "good", exists: "idle", unsent: "idle" };

/** Rows with what is or would become of them; those with something wrong come first. */
function Rows({ told }: { told: Told[] }) {
    const rows = [...told].sort((a, b) => Number(isGood(a)) - Number(isGood(b)));
    return (
        <div className={classes.rows} tabIndex={0} role="region" aria-label={texts.addUsers.results}>
            <table className={table.table}>
                <thead>
                    <tr>
                        <th>{t.line}</th>
                        <th>{texts.fields.email}</th>
                        <th>{t.outcome}</th>
                    </tr>
                </thead>
                <tbody>
                    {rows.map(({ line, person, result: { outcome, detail, temporary_password } }) => (
                        <tr key={line}>
                            <td className="number">{line}</td>
                            <td className={classes.wrap}>{person.email || <span className="muted">–</span>}</td>
                            <td>
                                <Label tone={TONES[outcome] ?? "bad"}>{texts.outcome[outcome] ?? outcome}</Label>
                                {detail && <div className="muted small">{detail}</div>}
                                {temporary_password && <div className="mono">{temporary_password}</div>}
                            </td>
                        </tr>
                    ))}
                </tbody>
            </table>
        </div>
    );
}

function isGood({ result: { outcome } }: Told): boolean {
    return outcome === "invited" || outcome === "created";
}

/** Says why there is no password: an answer that got lost has given it. */
function explained(result: RowResult): RowResult {
    const isGone = result.outcome === "created" && !result.temporary_password;
    return isGone ? { ...result, detail: texts.addUsers.temporaryGone } : result;
}

/** What became of every row: of those that were sent, of those that were left out, and of those that still wait. */
function outcomes(checked: Told[], sent: Told[]): Told[] {
    const results = new Map(sent.map(({ line, result }) => [line, result]));
    return checked.map((row) => (isGood(row) ? { ...row, result: results.get(row.line) ?? { outcome: "unsent" } } : row));
}

const KINDS: [string, RegExp][] = [
    ["email", /^mail|email/],
    ["name", /^(full|display)?name$/],
    ["first_name", /^(first|given)names?$/],
    ["last_name", /^(last|family|sur)names?$/],
    ["role", /^role$/],
];

/** A name as it is compared: `E-Mail`, `e_mail` and `Email` are the same. */
function plain(name: string): string {
    return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}

function isNamed({ slug, name }: { slug: string; name: string }, text: string): boolean {
    return plain(slug) === plain(text) || plain(name) === plain(text);
}

/** What the columns seem to hold; nothing is held by two. */
function guess(header: string[], apps: App[]): Columns {
    const columns: Columns = [];
    for (const name of header) {
        const kinds = KINDS.filter(([, names]) => names.test(plain(name))).map(([kind]) => kind);
        kinds.push(...apps.filter((app) => isNamed(app, name)).map(({ slug }) => `app:${slug}`));
        columns.push(kinds.find((kind) => !columns.includes(kind)) ?? "");
    }
    return columns;
}

function personOf(cells: string[], columns: Columns, apps: App[]): Person {
    const held = (kind: string) => cells[columns.indexOf(kind)] || undefined;
    const roles = apps.flatMap((app) => {
        const text = held(`app:${app.slug}`);
        return text ? [[app.slug, app.roles.find((role) => isNamed(role, text))?.slug ?? text]] : [];
    });
    return {
        email: held("email") ?? "",
        name: held("name") ?? ([held("first_name"), held("last_name")].filter(Boolean).join(" ") || undefined),
        role: held("role")?.toLowerCase() as Role | undefined,
        app_roles: roles.length > 0 ? Object.fromEntries(roles) : undefined,
    };
}

function resultCsv(told: Told[]): string {
    const withPasswords = told.some(({ result }) => result.temporary_password);
    const header = ["line", "email", "outcome", "detail", ...(withPasswords ? ["temporary_password"] : [])];
    return writeCsv([
        header,
        ...told.map(({ line, person, result }) => [
            String(line),
            person.email,
            result.outcome,
            result.detail ?? "",
            ...(withPasswords ? [result.temporary_password ?? ""] : []),
        ]),
    ]);
}
