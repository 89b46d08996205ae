import { Alert, Button, NativeSelect, Progress, SegmentedControl } from "@mantine/core";
import { IconUpload } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { Link } from "../../navigation";
import { answer, api } from "../../api/client";
import { appsQuery, emailSettingsQuery, type Role, type RowResult } from "../../api/queries";
import { Label } from "../../components/labels";
import { Page, Section } from "../../components/Page";
import table from "../../components/table.module.css";
import { toastFailure } from "../../components/Toasts";
import { download, parseCsv, writeCsv } from "../../csv";
import { texts } from "../../texts";
import classes from "./ImportUsers.module.css";

const t = texts.importUsers;
/** As many as make a steady progress; the API takes 500 at once. */
const PART = 50;

type How = "invite" | "create";
interface Source {
    name: string;
    header: string[];
    rows: string[][];
}
/** What each column holds: "", "email", "name", "role", or "app:" and a slug. */
type Columns = string[];
interface Person {
    email: string;
    name?: string;
    role?: Role;
    app_roles?: Record<string, string>;
}

export default function ImportUsers() {
    const apps = useQuery(appsQuery);
    const settings = useQuery(emailSettingsQuery);
    const queries = useQueryClient();
    const [how, setHow] = useState<How>("invite");
    const [source, setSource] = useState<Source>();
    const [columns, setColumns] = useState<Columns>([]);
    const [checked, setChecked] = useState<RowResult[]>();
    const [results, setResults] = useState<RowResult[]>();
    const [done, setDone] = useState<number>();

    const take = async (file: File) => {
        const [header = [], ...rows] = parseCsv(await file.text());
        setSource({ name: file.name, header, rows });
        setColumns(header.map((name) => guess(name, apps.data?.map(({ slug }) => slug) ?? [])));
        setChecked(undefined);
        setResults(undefined);
    };
    const people = source ? source.rows.map((row) => personOf(row, columns)) : [];
    const send = async (chosen: Person[], isDry: boolean) => {
        const all: RowResult[] = [];
        setDone(0);
        try {
            for (let at = 0; at < chosen.length; at += PART) {
                const part = chosen.slice(at, at + PART);
                const { results } =
                    how === "invite"
                        ? await answer(api.POST("/v1/invites/batch", { body: { invites: part, dry_run: isDry } }))
                        : await answer(api.POST("/v1/users/batch", { body: { users: part, dry_run: isDry } }));
                all.push(...results);
                setDone(all.length);
                if (!isDry) setResults([...all]);
            }
        } catch (error) {
            toastFailure(error);
        }
        setDone(undefined);
        return all;
    };
    const check = async () => {
        const all = await send(people, true);
        if (all.length === people.length) setChecked(all);
    };
    const good = people.filter((_, row) => checked && isGood(checked[row]));
    const go = async () => {
        await send(good, false);
        await queries.invalidateQueries();
    };
    const needsEmail = how === "invite" && settings.data?.configured === false;

    return (
        <Page title={t.title} lead={t.lead} back={{ to: "/users", label: texts.users.title }} narrow>
            <Section title={t.step1}>
                <div className="stack">
                    <SegmentedControl
                        aria-label={t.how}
                        value={how}
                        onChange={(how) => {
                            setHow(how as How);
                            setChecked(undefined);
                            setResults(undefined);
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
                    <Drop take={(file) => void take(file)} name={source && t.file(source.name, source.rows.length)} />
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
                                    description={source.rows[0]?.[at] ? t.such(source.rows[0][at]) : undefined}
                                    value={columns[at]}
                                    onChange={(event) => {
                                        const kind = event.currentTarget.value;
                                        setColumns(columns.map((column, other) => (other === at ? kind : column === kind ? "" : column)));
                                        setChecked(undefined);
                                    }}
                                    data={[
                                        { value: "", label: t.ignore },
                                        { value: "email", label: texts.fields.email },
                                        { value: "name", label: texts.fields.name },
                                        { value: "role", label: texts.fields.role },
                                        ...(apps.data ?? []).map(({ slug, name }) => ({ value: `app:${slug}`, label: t.roleIn(name) })),
                                    ]}
                                />
                            ))}
                        </div>
                        <div className="row end">
                            <Button
                                onClick={() => void check()}
                                loading={done !== undefined && !checked}
                                disabled={!columns.includes("email") || people.length === 0 || needsEmail}
                            >
                                {t.check}
                            </Button>
                        </div>
                    </div>
                </Section>
            )}
            {checked && !results && (
                <Section
                    title={t.step3}
                    lead={t.checked(good.length, checked.length - good.length)}
                    flush
                    actions={
                        <Button onClick={() => void go()} disabled={good.length === 0 || done !== undefined}>
                            {how === "invite" ? t.invite(good.length) : t.create(good.length)}
                        </Button>
                    }
                >
                    <Rows results={checked} />
                </Section>
            )}
            {results && (
                <Section
                    title={done === undefined ? t.finished : t.working}
                    lead={how === "create" && done === undefined ? t.passwords : undefined}
                    flush
                    actions={
                        <Button variant="default" disabled={done !== undefined} onClick={() => download("result.csv", resultCsv(results))}>
                            {t.downloadResult}
                        </Button>
                    }
                >
                    {done !== undefined && (
                        <div className={classes.progress}>
                            <Progress value={(done / good.length) * 100} aria-label={t.working} />
                            <p className="muted small number">{texts.bulk.progress(done, good.length)}</p>
                        </div>
                    )}
                    <Rows results={results} />
                </Section>
            )}
        </Page>
    );
}

function Drop({ take, name }: { take: (file: File) => void; name: string | undefined }) {
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
                if (file) take(file);
            }}
        >
            <IconUpload size={20} aria-hidden />
            <span>{name ?? t.drop}</span>
            <Button size="xs" variant="default" onClick={() => input.current?.click()}>
                {t.choose}
            </Button>
            <input
                ref={input}
                type="file"
                className="hidden"
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

const TONES: Record<string, "good" | "idle"> = { invited: "good", created: "good", exists: "idle" };

/** Rows with what is or would become of them; those with something wrong come first. */
function Rows({ results }: { results: RowResult[] }) {
    const rows = results.map((result, at) => ({ ...result, line: at + 2 })).sort((a, b) => Number(isGood(a)) - Number(isGood(b)));
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
                    {rows.map(({ line, email, outcome, detail, temporary_password }) => (
                        <tr key={line}>
                            <td className="number">{line}</td>
                            <td className={classes.wrap}>{email || <span className="muted">–</span>}</td>
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

function isGood(result: RowResult | undefined): boolean {
    return result?.outcome === "invited" || result?.outcome === "created";
}

function guess(header: string, apps: string[]): string {
    const name = header.trim().toLowerCase();
    if (/^(e-?mail|mail)/.test(name)) return "email";
    if (/name/.test(name)) return "name";
    if (name === "role") return "role";
    return apps.includes(name) ? `app:${name}` : "";
}

function personOf(row: string[], columns: Columns): Person {
    const person: Person = { email: "" };
    columns.forEach((column, at) => {
        const value = row[at];
        if (!value) return;
        if (column === "email") person.email = value;
        else if (column === "name") person.name = value;
        else if (column === "role") person.role = value.toLowerCase() as Role;
        else if (column.startsWith("app:")) person.app_roles = { ...person.app_roles, [column.slice(4)]: value };
    });
    return person;
}

function resultCsv(results: RowResult[]): string {
    const withPasswords = results.some((result) => result.temporary_password);
    const header = ["email", "outcome", "detail", ...(withPasswords ? ["temporary_password"] : [])];
    return writeCsv([
        header,
        ...results.map(({ email, outcome, detail, temporary_password }) => [
            email ?? "",
            outcome,
            detail ?? "",
            ...(withPasswords ? [temporary_password ?? ""] : []),
        ]),
    ]);
}
