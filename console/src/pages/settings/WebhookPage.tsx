import { Alert, Button, Modal, TextInput } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { navigate, useLocation } from "../../navigation";
import { answer, api } from "../../api/client";
import { isProblem } from "../../api/problem";
import { deliveriesQuery, webhookQuery, type Webhook, type WebhookDelivery } from "../../api/queries";
import { useClosing } from "../../components/closing";
import { confirm } from "../../components/confirm";
import { Label } from "../../components/labels";
import { Page, Section } from "../../components/Page";
import { Empty, Shown, Unread } from "../../components/states";
import table from "../../components/table.module.css";
import { toast } from "../../components/Toasts";
import { FormError, useAction, useForm } from "../../form";
import { texts } from "../../texts";
import { absolute, relative, TimeAgo } from "../../time";
import { EventTypesInput } from "./EventTypesInput";
import classes from "./settings.module.css";
import { nameOf, ShownOnce, State } from "./Webhooks";

const t = texts.webhooks;

export default function WebhookPage() {
    const { id = "" } = useLocation().parameters;
    const webhook = useQuery(webhookQuery(id));
    const back = { to: "/settings/webhooks", label: t.title };
    if (webhook.data) {
        return (
            <Page title={nameOf(webhook.data)} note={<State webhook={webhook.data} />} lead={webhook.data.url} back={back} narrow actions={<Actions webhook={webhook.data} />}>
                <Trouble webhook={webhook.data} />
                <Deliveries webhook={webhook.data} />
                <About key={JSON.stringify([webhook.data.url, webhook.data.description, webhook.data.event_types])} webhook={webhook.data} />
                <SigningSecret webhook={webhook.data} />
                <Danger webhook={webhook.data} />
            </Page>
        );
    }
    return (
        <Page title={t.title} back={back} narrow>
            {isProblem(webhook.error, "webhook-not-found") ? <Empty title={t.unknown} /> : <Unread of={webhook} />}
        </Page>
    );
}

function path(webhook: Webhook) {
    return { params: { path: { id: webhook.id } } };
}

function useEnabling(webhook: Webhook) {
    return useAction(async (enabled: boolean) => {
        await answer(api.PATCH("/v1/webhooks/{id}", { ...path(webhook), body: { enabled } }));
        toast(enabled ? t.isEnabled : t.isDisabled);
    });
}

function Actions({ webhook }: { webhook: Webhook }) {
    const enable = useEnabling(webhook);
    const test = useAction(async () => {
        await answer(api.POST("/v1/webhooks/{id}/test", path(webhook)));
        toast(t.testSent);
    });
    return (
        <>
            {webhook.enabled && (
                <Button variant="default" loading={enable.isPending} onClick={() => enable.mutate(false)}>
                    {t.disable}
                </Button>
            )}
            <Button variant="default" loading={test.isPending} onClick={() => test.mutate()}>
                {t.test}
            </Button>
        </>
    );
}

/** Why it is told nothing, or soon will not be, and what to do about it. */
function Trouble({ webhook }: { webhook: Webhook }) {
    const enable = useEnabling(webhook);
    if (webhook.disabled) {
        return (
            <Alert color="danger" variant="light" mb="lg" icon={<IconAlertTriangle />} title={t.disabledTitle}>
                <p>
                    {webhook.disabled.detail} {webhook.disabled.reason !== "admin" && t.disabledLead}
                </p>
                <Button size="xs" mt="sm" variant="default" loading={enable.isPending} onClick={() => enable.mutate(true)}>
                    {t.enable}
                </Button>
            </Alert>
        );
    }
    if (!webhook.failing_since) return null;
    return (
        <Alert color="yellow" variant="light" mb="lg" icon={<IconAlertTriangle />} title={t.failingTitle}>
            <p>
                {t.failingSince(absolute(webhook.failing_since))} {t.failingLead}
            </p>
        </Alert>
    );
}

function Deliveries({ webhook }: { webhook: Webhook }) {
    const deliveries = useInfiniteQuery(deliveriesQuery(webhook.id));
    const resend = useAction(async ({ id }: WebhookDelivery) => {
        const params = { path: { id: webhook.id, delivery: id } };
        await answer(api.POST("/v1/webhooks/{id}/deliveries/{delivery}/resend", { params }));
        toast(t.resent);
    });
    return (
        <Section title={t.deliveries} lead={t.deliveriesLead} flush>
            <Shown of={deliveries}>
                {({ pages }) => {
                    const items = pages.flatMap(({ items }) => items);
                    if (items.length === 0) return <Empty title={t.noDeliveries}>{t.noDeliveriesLead}</Empty>;
                    return (
                        <>
                            <div className={table.scroll}>
                                <table className={table.table}>
                                    <thead>
                                        <tr>
                                            <th>{t.event}</th>
                                            <th>{t.state}</th>
                                            <th className={table.optional}>{t.answer}</th>
                                            <th className={table.optional}>{t.sent}</th>
                                            <th>
                                                <span className="hidden">{t.resend}</span>
                                            </th>
                                        </tr>
                                    </thead>
                                    <tbody>
                                        {items.map((delivery) => (
                                            <Row key={delivery.id} delivery={delivery} resend={() => resend.mutate(delivery)} />
                                        ))}
                                    </tbody>
                                </table>
                            </div>
                            {deliveries.hasNextPage && (
                                <div className={table.foot}>
                                    <Button size="xs" variant="default" loading={deliveries.isFetchingNextPage} onClick={() => void deliveries.fetchNextPage()}>
                                        {texts.common.more}
                                    </Button>
                                </div>
                            )}
                        </>
                    );
                }}
            </Shown>
        </Section>
    );
}

const TONE = { queued: "idle", delivered: "good", failed: "bad" } as const;

function Row({ delivery, resend }: { delivery: WebhookDelivery; resend: () => void }) {
    const { last_attempt, next_attempt_at } = delivery;
    const tried = [delivery.attempts > 0 && t.attempts(delivery.attempts), next_attempt_at && delivery.attempts > 0 && t.next(relative(next_attempt_at))];
    return (
        <tr>
            <td className={`mono ${classes.type}`}>{delivery.event_type}</td>
            <td>
                <Label tone={TONE[delivery.state as keyof typeof TONE] ?? "idle"}>{t.delivery[delivery.state] ?? delivery.state}</Label>
                <div className="muted small">{tried.filter(Boolean).join(" · ")}</div>
            </td>
            <td className={table.optional}>
                <div className={classes.answer}>{last_attempt ? (last_attempt.status ?? <span className="small">{last_attempt.error}</span>) : <span className="muted">–</span>}</div>
            </td>
            <td className={`${table.optional} ${table.nowrap}`}>
                <TimeAgo at={delivery.created_at} />
            </td>
            <td className={table.right}>
                {delivery.state !== "queued" && (
                    <Button size="compact-xs" variant="subtle" aria-label={t.resendOf(delivery.event_type)} onClick={resend}>
                        {t.resend}
                    </Button>
                )}
            </td>
        </tr>
    );
}

function About({ webhook }: { webhook: Webhook }) {
    const form = useForm({
        initial: { url: webhook.url, description: webhook.description ?? "", event_types: webhook.event_types },
        send: async ({ url, description, event_types }) => {
            const body = { url, event_types, description: description || null };
            await answer(api.PATCH("/v1/webhooks/{id}", { ...path(webhook), body }));
            toast(t.saved);
        },
    });
    return (
        <Section title={t.about}>
            <form {...form.props} className="stack">
                <FormError error={form.error} />
                <div className="fields">
                    <TextInput label={t.address} type="url" {...form.text("url")} />
                    <TextInput label={t.description} {...form.text("description")} />
                </div>
                <EventTypesInput {...form.value("event_types")} />
                <div className="row end">
                    <Button type="submit" loading={form.isBusy}>
                        {texts.common.save}
                    </Button>
                </div>
            </form>
        </Section>
    );
}

function SigningSecret({ webhook }: { webhook: Webhook }) {
    const [secret, setSecret] = useState<string | null>();
    const rotate = useAction(async () => setSecret((await answer(api.POST("/v1/webhooks/{id}/rotate-secret", path(webhook)))).secret));
    const ask = async () => {
        if (await confirm({ title: t.rotateTitle, body: t.rotateBody, confirm: t.rotate })) rotate.mutate();
    };
    const close = () => setSecret(undefined);
    const closing = useClosing();
    return (
        <Section title={t.secret}>
            <div className="row spread">
                <p className="muted">{webhook.previous_secret_until ? t.previousUntil(absolute(webhook.previous_secret_until)) : t.rotateBody}</p>
                <Button variant="default" loading={rotate.isPending} onClick={() => void ask()}>
                    {t.rotate}
                </Button>
            </div>
            <Modal opened={secret !== undefined} onClose={close} {...closing} title={t.secret}>
                <div className="stack">
                    <ShownOnce secret={secret ?? null} />
                    <div className="row end">
                        <Button onClick={close} data-autofocus>
                            {texts.common.done}
                        </Button>
                    </div>
                </div>
            </Modal>
        </Section>
    );
}

function Danger({ webhook }: { webhook: Webhook }) {
    const remove = useAction(async () => {
        await answer(api.DELETE("/v1/webhooks/{id}", path(webhook)));
        await navigate("/settings/webhooks", { replace: true });
        toast(t.deleted(nameOf(webhook)));
    });
    const ask = async () => {
        if (await confirm({ title: t.deleteTitle(nameOf(webhook)), body: t.deleteBody, confirm: t.delete, danger: true })) remove.mutate();
    };
    return (
        <Section title={texts.user.danger} danger>
            <div className="row spread">
                <p className="muted">{t.deleteBody}</p>
                <Button color="danger" variant="outline" loading={remove.isPending} onClick={() => void ask()}>
                    {t.delete}
                </Button>
            </div>
        </Section>
    );
}
