import { Button, Modal, Textarea, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, navigate } from "../../navigation";
import { answer, api } from "../../api/client";
import { appsQuery } from "../../api/queries";
import { Page } from "../../components/Page";
import { Empty, Shown } from "../../components/states";
import table from "../../components/table.module.css";
import { toast } from "../../components/Toasts";
import { FormError, useForm } from "../../form";
import { texts } from "../../texts";
import { TimeAgo } from "../../time";
import { useUrl } from "../../url";
import users from "../users/Users.module.css";

const t = texts.apps;

export default function Apps() {
    const url = useUrl();
    const apps = useQuery(appsQuery);
    const open = () => url.change({ new: "1" });
    const close = () => url.change({ new: undefined }, { replace: true });
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
                <Shown of={apps}>
                    {(apps) =>
                        apps.length === 0 ? (
                            <Empty title={t.none} action={<Button onClick={open}>{t.new}</Button>}>
                                {t.noneLead}
                            </Empty>
                        ) : (
                            <div className={table.scroll}>
                                <table className={table.table}>
                                    <thead>
                                        <tr>
                                            <th>{t.name}</th>
                                            <th>{t.roles}</th>
                                            <th className={table.optional}>{t.address}</th>
                                            <th className={table.optional}>{t.created}</th>
                                        </tr>
                                    </thead>
                                    <tbody>
                                        {apps.map((app) => (
                                            <tr key={app.slug} data-link>
                                                <td>
                                                    <Link className={table.cover} to={`/apps/${app.slug}`}>
                                                        {app.name}
                                                    </Link>
                                                    <div className="muted mono">{app.slug}</div>
                                                </td>
                                                <td>{app.roles.map(({ name }) => name).join(", ")}</td>
                                                <td className={table.optional}>
                                                    {app.url ? (
                                                        <span className={table.above}>
                                                            <a href={app.url} target="_blank" rel="noreferrer">
                                                                {app.url.replace(/^https?:\/\//, "")}
                                                            </a>
                                                        </span>
                                                    ) : (
                                                        <span className="muted">–</span>
                                                    )}
                                                </td>
                                                <td className={`${table.optional} ${table.nowrap}`}>
                                                    <TimeAgo at={app.created_at} />
                                                </td>
                                            </tr>
                                        ))}
                                    </tbody>
                                </table>
                            </div>
                        )
                    }
                </Shown>
            </div>
            <Modal opened={url.get("new") !== undefined} onClose={close} title={t.new}>
                <NewApp close={close} />
            </Modal>
        </Page>
    );
}

function NewApp({ close }: { close: () => void }) {
    const form = useForm({
        initial: { name: "", slug: "", url: "", description: "" },
        draft: "app",
        about: { "slug-taken": "slug" },
        send: async ({ name, slug, url, description }) => {
            const body = { name, slug: slug || slugOf(name), url: url || undefined, description: description || undefined };
            const app = await answer(api.POST("/v1/apps", { body }));
            await navigate(`/apps/${app.slug}`, { replace: true });
            toast(t.made(app.name));
        },
    });
    return (
        <form {...form.props} className="stack">
            <FormError error={form.error} />
            <TextInput label={t.name} placeholder={t.nameExample} data-autofocus {...form.text("name")} />
            <TextInput
                label={t.slug}
                description={t.slugHint}
                placeholder={slugOf(form.values.name)}
                {...form.text("slug")}
            />
            <TextInput label={t.address} description={t.addressHint} type="url" placeholder="https://" {...form.text("url")} />
            <Textarea label={t.description} autosize minRows={2} {...form.text("description")} />
            <p className="muted small">{t.startingRoles}</p>
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

/** What a name looks like in addresses. */
export function slugOf(name: string): string {
    return name
        .normalize("NFKD")
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, "-")
        .replace(/^-+|-+$/g, "")
        .slice(0, 40);
}
