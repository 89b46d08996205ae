import { Button, Modal, NativeSelect, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../../api/client";
import { apiKeysQuery, type ApiKey, type Role } from "../../api/queries";
import { confirm } from "../../components/confirm";
import { useClosing, useKeepOpen } from "../../components/closing";
import { Label } from "../../components/labels";
import { Page } from "../../components/Page";
import { Secret } from "../../components/Secret";
import { Empty, Shown } from "../../components/states";
import table from "../../components/table.module.css";
import { toast } from "../../components/Toasts";
import { FormError, useAction, useForm } from "../../form";
import { texts } from "../../texts";
import { TimeAgo } from "../../time";
import { useUrl } from "../../url";
import classes from "./settings.module.css";
import users from "../users/Users.module.css";

const t = texts.apiKeys;

export default function ApiKeys() {
    const url = useUrl();
    const keys = useQuery(apiKeysQuery);
    const open = () => url.change({ new: "1" });
    const close = () => url.change({ new: undefined }, { replace: true });
    const closing = useClosing();
    const create = <Button onClick={open}>{t.new}</Button>;
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
                <Shown of={keys}>
                    {(items) =>
                        items.length === 0 ? (
                            <Empty title={t.none} action={create}>
                                {t.noneLead}
                            </Empty>
                        ) : (
                            <Table keys={items} />
                        )
                    }
                </Shown>
            </div>
            <Modal opened={url.get("new") !== undefined} onClose={close} {...closing} title={t.new}>
                <NewKey close={close} />
            </Modal>
        </Page>
    );
}

function Table({ keys }: { keys: ApiKey[] }) {
    const remove = useAction(async (key: ApiKey) => {
        await answer(api.DELETE("/v1/api-keys/{id}", { params: { path: { id: key.id } } }));
        toast(t.deleted(key.name));
    });
    const ask = async (key: ApiKey) => {
        if (await confirm({ title: t.deleteTitle(key.name), body: t.deleteBody, confirm: t.delete, danger: true })) remove.mutate(key);
    };
    return (
        <div className={table.scroll}>
            <table className={table.table}>
                <thead>
                    <tr>
                        <th>{t.name}</th>
                        <th>{texts.fields.role}</th>
                        <th className={table.optional}>{t.createdBy}</th>
                        <th className={table.optional}>{t.created}</th>
                        <th>{t.expires}</th>
                        <th>
                            <span className="hidden">{t.delete}</span>
                        </th>
                    </tr>
                </thead>
                <tbody>
                    {keys.map((key) => (
                        <tr key={key.id}>
                            <td>
                                <strong>{key.name}</strong>
                            </td>
                            <td>{texts.role[key.role]}</td>
                            <td className={table.optional}>{key.created_by}</td>
                            <td className={`${table.optional} ${table.nowrap}`}>
                                <TimeAgo at={key.created_at} />
                            </td>
                            <td className={table.nowrap}>
                                {key.expires_at && new Date(key.expires_at) < new Date() ? (
                                    <Label tone="warn">{t.expired}</Label>
                                ) : (
                                    <TimeAgo at={key.expires_at} none={texts.users.never} />
                                )}
                            </td>
                            <td className={table.right}>
                                <Button size="compact-xs" variant="subtle" color="danger" onClick={() => void ask(key)}>
                                    {t.delete}
                                </Button>
                            </td>
                        </tr>
                    ))}
                </tbody>
            </table>
        </div>
    );
}

function NewKey({ close }: { close: () => void }) {
    const [key, setKey] = useState<string | null>();
    const form = useForm({
        initial: { name: "", role: "admin" as Role, days: "90" },
        send: async ({ name, role, days }) => {
            const expires_at = days ? new Date(Date.now() + Number(days) * 86_400_000).toISOString() : undefined;
            setKey((await answer(api.POST("/v1/api-keys", { body: { name, role, expires_at } }))).key);
        },
    });
    useKeepOpen(form.isBusy);
    if (key !== undefined) {
        return (
            <div className="stack">
                {key ? <Secret label={t.key} value={key} /> : <p>{t.keyGone}</p>}
                <p className="muted small">{t.once}</p>
                <pre className={classes.example}>curl -H "Authorization: Bearer $KEY" {location.origin}/v1/users</pre>
                <div className="row end">
                    <Button onClick={close} data-autofocus>
                        {texts.common.done}
                    </Button>
                </div>
            </div>
        );
    }
    return (
        <form {...form.props} className="stack">
            <FormError error={form.error} />
            <TextInput label={t.name} description={t.nameHint} data-autofocus {...form.text("name")} />
            <div className="fields">
                <NativeSelect
                    label={texts.fields.role}
                    data={(["admin", "builder"] as const).map((role) => ({ value: role, label: texts.role[role] }))}
                    {...form.text("role")}
                />
                <NativeSelect
                    label={t.expires}
                    data={[...[30, 90, 365].map((days) => ({ value: String(days), label: t.inDays(days) })), { value: "", label: texts.users.never }]}
                    {...form.text("days")}
                />
            </div>
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
