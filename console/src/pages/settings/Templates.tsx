import { Alert, Badge, Button, SegmentedControl, Textarea, TextInput } from "@mantine/core";
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useDebouncedValue } from "@mantine/hooks";
import { useRef, useState } from "react";
import { Link } from "../../navigation";
import { answer, api } from "../../api/client";
import { Problem } from "../../api/problem";
import { templateQuery, type Template, type TemplateKind } from "../../api/queries";
import { confirm } from "../../components/confirm";
import { MailFrame } from "../../components/MailFrame";
import { Page } from "../../components/Page";
import { Shown } from "../../components/states";
import { toast } from "../../components/Toasts";
import { FormError, useAction, useForm } from "../../form";
import { Tooltip } from "../../components/Tooltip";
import { texts } from "../../texts";
import { absolute } from "../../time";
import { useUrl } from "../../url";
import classes from "./settings.module.css";

const t = texts.templates;
const KINDS = ["invitation", "invitation_reminder", "password_reset", "temporary_password", "password_changed", "email_changed", "welcome"] as const;

export default function Templates() {
    const url = useUrl();
    const kind = KINDS.find((kind) => kind === url.get("kind")) ?? KINDS[0];
    const template = useQuery(templateQuery(kind));
    return (
        <Page title={t.title} lead={t.lead}>
            <div className={classes.templates}>
                <nav aria-label={t.kinds} className={classes.kinds}>
                    {KINDS.map((name) => (
                        <Link key={name} to={`?kind=${name}`} aria-current={name === kind}>
                            {t.kind[name]}
                        </Link>
                    ))}
                </nav>
                <div>
                    <Shown of={template} rows={8}>
                        {(template) => <Editor key={kind} kind={kind} template={template} />}
                    </Shown>
                </div>
            </div>
        </Page>
    );
}

const written = ({ subject, html, text }: Template) => ({ subject, html, text });

function Editor({ kind, template }: { kind: TemplateKind; template: Template }) {
    const params = { path: { kind } };
    const queries = useQueryClient();
    const initial = written(template);
    const form = useForm({
        initial,
        latest: async () => written(await queries.fetchQuery({ ...templateQuery(kind), staleTime: 0 })),
        draft: `template.${kind}`,
        send: async (body) => {
            await answer(api.PUT("/v1/settings/email-templates/{kind}", { params, body }));
            toast(t.saved);
        },
    });
    const restore = useAction(async () => {
        await answer(api.DELETE("/v1/settings/email-templates/{kind}", { params }));
        form.reset(initial);
        toast(t.restored);
    });
    const ask = async () => {
        if (await confirm({ title: t.restoreTitle, body: t.restoreBody, confirm: t.restore, danger: true })) restore.mutate();
    };
    const [values] = useDebouncedValue(form.values, 350);
    const preview = useQuery({
        queryKey: ["template-preview", kind, values],
        queryFn: () => answer(api.POST("/v1/settings/email-templates/{kind}/preview", { params, body: values })),
        placeholderData: keepPreviousData,
        staleTime: Infinity,
    });
    const wrong = preview.error instanceof Problem ? Object.fromEntries(preview.error.fields.map(({ pointer, detail }) => [pointer.slice(1), detail])) : {};
    const last = useRef<HTMLTextAreaElement | HTMLInputElement>(null);
    const insert = (name: string) => {
        const input = last.current;
        if (!input) return;
        const field = input.name as keyof typeof initial;
        const at = input.selectionStart ?? input.value.length;
        form.set({ [field]: `${input.value.slice(0, at)}{{ ${name} }}${input.value.slice(input.selectionEnd ?? at)}` });
        input.focus();
    };
    const remember = { onFocus: (event: React.FocusEvent<HTMLTextAreaElement | HTMLInputElement>) => void (last.current = event.currentTarget) };
    const isChanged = form.values.subject !== initial.subject || form.values.html !== initial.html || form.values.text !== initial.text;
    return (
        <div className={classes.editor}>
            <form {...form.props} className="stack">
                {template.last_failure && (
                    <Alert color="danger" variant="light" title={t.lastFailure(absolute(template.last_failure.at))}>
                        {template.last_failure.reason}
                    </Alert>
                )}
                <FormError error={form.error} />
                <TextInput label={t.subject} {...form.text("subject")} error={form.wrong.subject ?? wrong.subject} {...remember} />
                <div>
                    <div className="small muted">{t.variables}</div>
                    <div className={classes.variables}>
                        {template.variables.map(({ name, description, required }) => (
                            <Tooltip key={name} text={description} isPassed>
                                <Button size="compact-xs" variant="default" onClick={() => insert(name)}>
                                    {name}
                                    {required && <span aria-label={t.required}>&nbsp;*</span>}
                                </Button>
                            </Tooltip>
                        ))}
                    </div>
                </div>
                <Textarea className={classes.source} label={t.html} rows={16} spellCheck={false} {...form.text("html")} error={form.wrong.html ?? wrong.html} {...remember} />
                <Textarea className={classes.source} label={t.text} rows={9} spellCheck={false} {...form.text("text")} error={form.wrong.text ?? wrong.text} {...remember} />
                <div className="row spread">
                    {template.customised ? (
                        <Button variant="subtle" color="danger" loading={restore.isPending} onClick={() => void ask()}>
                            {t.restore}
                        </Button>
                    ) : (
                        <span className="muted small">{t.isDefault}</span>
                    )}
                    <span className="row">
                        {isChanged && (
                            <Button variant="default" onClick={() => form.reset(initial)}>
                                {texts.profile.discard}
                            </Button>
                        )}
                        <Button type="submit" loading={form.isBusy} disabled={!isChanged}>
                            {texts.common.save}
                        </Button>
                    </span>
                </div>
            </form>
            <Preview preview={preview.data} error={preview.error} />
        </div>
    );
}

function Preview({ preview, error }: { preview: { subject: string; html: string; text: string } | undefined; error: Error | null }) {
    const [part, setPart] = useState("desktop");
    const [scheme, setScheme] = useState("light");
    return (
        <section className={classes.preview} aria-label={t.preview}>
            <div className={classes.previewHead}>
                <SegmentedControl
                    size="xs"
                    aria-label={t.previewAs}
                    value={part}
                    onChange={setPart}
                    data={[
                        { value: "desktop", label: t.desktop },
                        { value: "phone", label: t.phone },
                        { value: "text", label: t.textPart },
                    ]}
                />
                {part !== "text" && (
                    <SegmentedControl
                        size="xs"
                        aria-label={t.previewColors}
                        value={scheme}
                        onChange={setScheme}
                        data={[
                            { value: "light", label: t.light },
                            { value: "dark", label: t.dark },
                        ]}
                    />
                )}
            </div>
            {error && (
                <Alert color="danger" variant="light" radius={0}>
                    {error instanceof Problem && error.fields.length > 0 ? error.fields.map(({ detail }) => <p key={detail}>{detail}</p>) : error.message}
                </Alert>
            )}
            {preview && (
                <>
                    <div className={classes.subject}>
                        <Badge size="xs" variant="default" mr="xs">
                            {t.sample}
                        </Badge>
                        {preview.subject}
                    </div>
                    {part === "text" ? (
                        <pre className={classes.text} tabIndex={0}>
                            {preview.text}
                        </pre>
                    ) : (
                        <div className={classes.pane} data-width={part}>
                            <MailFrame className={classes.frame} html={preview.html} title={t.preview} data-scheme={scheme} isDark={scheme === "dark"} />
                        </div>
                    )}
                </>
            )}
        </section>
    );
}
