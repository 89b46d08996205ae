import { Button, Modal, Radio } from "@mantine/core";
import { useState } from "react";
import { answer, api } from "../../api/client";
import type { App, User } from "../../api/queries";
import { toast } from "../../components/Toasts";
import { useAction } from "../../form";
import { texts } from "../../texts";

const t = texts.appRoleModal;

/** The role of a user in one app. */
export function AppRoleModal({ user, app, close }: { user: User; app: App | undefined; close: () => void }) {
    const [shown, setShown] = useState(app);
    // What is shown stays while the window fades out.
    if (app && shown !== app) setShown(app);
    return (
        <Modal opened={app !== undefined} onClose={close} title={shown && t.title(shown.name)}>
            {shown && <Roles key={`${shown.slug} ${user.version}`} user={user} app={shown} close={close} />}
        </Modal>
    );
}

function Roles({ user, app, close }: { user: User; app: App; close: () => void }) {
    const before = user.app_roles[app.slug] ?? "";
    const [role, setRole] = useState(before);
    const put = (role: string) => {
        const params = { path: { id: user.id, app: app.slug } };
        return role
            ? answer(api.PUT("/v1/users/{id}/app-roles/{app}", { params, body: { role } }))
            : answer(api.DELETE("/v1/users/{id}/app-roles/{app}", { params }));
    };
    const undo = useAction(() => put(before));
    const save = useAction(async () => {
        await put(role);
        close();
        const name = app.roles.find(({ slug }) => slug === role)?.name;
        toast(name ? t.set(user.name ?? user.email, name, app.name) : t.removed(user.name ?? user.email, app.name), () => undo.mutate());
    });
    return (
        <form
            className="stack"
            onSubmit={(event) => {
                event.preventDefault();
                if (role === before) close();
                else if (!save.isPending) save.mutate();
            }}
        >
            <Radio.Group value={role} onChange={setRole} aria-label={t.title(app.name)}>
                <div className="stack">
                    <Radio value="" label={texts.fields.noAccess} description={t.noAccess} data-autofocus={before === "" || undefined} />
                    {app.roles.map(({ slug, name, description }) => (
                        <Radio key={slug} value={slug} label={name} description={description} data-autofocus={before === slug || undefined} />
                    ))}
                </div>
            </Radio.Group>
            <div className="row end">
                <Button variant="default" onClick={close}>
                    {texts.common.cancel}
                </Button>
                <Button type="submit" loading={save.isPending} disabled={role === before}>
                    {texts.common.save}
                </Button>
            </div>
        </form>
    );
}
