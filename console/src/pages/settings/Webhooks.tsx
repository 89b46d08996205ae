import { Button, Modal, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, navigate } from "../../navigation";
import { answer, api } from "../../api/client";
import { webhooksQuery, type EventType, type Webhook } from "../../api/queries";
import { useClosing, useKeepOpen } from "../../components/closing";
import { Label } from "../../components/labels";
import { Page } from "../../components/Page";
import { Secret } from "../../components/Secret";
import { Empty, Shown } from "../../components/states";
import table from "../../components/table.module.css";
import { FormError, useForm } from "../../form";
import { texts } from "../../texts";
import { absolute, TimeAgo } from "../../time";
import { useUrl } from "../../url";
import users from "../users/Users.module.css";
import { EventTypesInput } from "./EventTypesInput";

const t = texts.webhooks;

export default function Webhooks() {
    const url = useUrl();
    const webhooks = useQuery(webhooksQuery);
    const open = () => url.change({ new: "1" });
    const close = () => url.change({ new: undefined }, { replace: true });
    const closing = useClosing();
    return (
        <Page
            title={t.title}
            lead={t.lead}
            actions={
                <Button leftSection={<IconPlus size={16} />} onClick={open}>
                    {t.new}
                </Button>
            }
        >
            <div className={users.card}>
                <Shown of={webhooks}>
                    {({ items }) =>
                        items.length === 0 ? (
                            <Empty title={t.none} action={<Button onClick={open}>{t.new}</Button>}>
                                {t.noneLead}
                            </Empty>
                        ) : (
                            <Table webhooks={items} />
                        )
                    }
                </Shown>
            </div>
            <Modal opened={url.get("new") !== undefined} onClose={close} {...closing} title={t.new} size="lg">
                <NewWebhook close={close} />
            </Modal>
        </Page>
    );
}

function Table({ webhooks }: { webhooks: Webhook[] }) {
    return (
        <div className={table.scroll}>
            <table className={table.table}>
                <thead>
                    <tr>
                        <th>{t.receiver}</th>
                        <th>{t.state}</th>
                        <th className={table.optional}>{t.events}</th>
                        <th className={table.optional}>{texts.apiKeys.created}</th>
                    </tr>
                </thead>
                <tbody>
                    {webhooks.map((webhook) => (
                        <tr key={webhook.id} data-link>
                            <td>
                                <span className={table.person}>
                                    <span>
                                        <Link className={`${table.cover} truncate`} to={`/settings/webhooks/${webhook.id}`}>
                                            {nameOf(webhook)}
                                        </Link>
                                        <span className="muted mono truncate">{webhook.url}</span>
                                    </span>
                                </span>
                            </td>
                            <td className={table.nowrap}>
                                <State webhook={webhook} />
                            </td>
                            <td className={`${table.optional} ${table.nowrap}`}>
                                {webhook.event_types.includes("*") ? t.all : t.count(webhook.event_types.length)}
                            </td>
                            <td className={`${table.optional} ${table.nowrap}`}>
                                <TimeAgo at={webhook.created_at} />
                            </td>
                        </tr>
                    ))}
                </tbody>
            </table>
        </div>
    );
}

/** How people call it. */
export function nameOf(webhook: Webhook): string {
    return webhook.description ?? new URL(webhook.url).host;
}

export function State({ webhook }: { webhook: Webhook }) {
    if (webhook.disabled) return <Label tone="bad" detail={webhook.disabled.detail}>{t.disabled}</Label>;
    if (webhook.failing_since) {
        return <Label tone="warn" detail={t.failingSince(absolute(webhook.failing_since))}>{t.failing}</Label>;
    }
    return <Label tone="good">{t.enabled}</Label>;
}

function NewWebhook({ close }: { close: () => void }) {
    const [made, setMade] = useState<{ webhook: Webhook; secret: string | null }>();
    const form = useForm({
        initial: { url: "", description: "", event_types: ["*"] as EventType[] },
        draft: "webhook",
        send: async ({ url, description, event_types }) => {
            const body = { url, event_types, description: description || undefined };
            setMade(await answer(api.POST("/v1/webhooks", { body })));
        },
    });
    useKeepOpen(form.isBusy);
    if (made) {
        return (
            <div className="stack">
                <ShownOnce secret={made.secret} />
                <div className="row end">
                    <Button onClick={() => void navigate(`/settings/webhooks/${made.webhook.id}`, { replace: true })} data-autofocus>
                        {texts.common.done}
                    </Button>
                </div>
            </div>
        );
    }
    return (
        <form {...form.props} className="stack">
            <FormError error={form.error} />
            <TextInput label={t.address} description={t.addressHint} type="url" placeholder="https://" data-autofocus {...form.text("url")} />
            <TextInput label={t.description} {...form.text("description")} />
            <EventTypesInput {...form.value("event_types")} />
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

/** A secret that nobody has seen yet; `null` if somebody has. */
export function ShownOnce({ secret }: { secret: string | null }) {
    return (
        <>
            {secret ? <Secret label={t.secret} value={secret} /> : <p>{t.secretGone}</p>}
            <p className="muted small">{t.once}</p>
        </>
    );
}
