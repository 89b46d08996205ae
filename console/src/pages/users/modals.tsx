import { Button, Modal, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { answer, api } from "../../api/client";
import type { User } from "../../api/queries";
import { Secret } from "../../components/Secret";
import { toast } from "../../components/Toasts";
import { FormError, useAction, useForm } from "../../form";
import { texts } from "../../texts";

interface Props {
    user: User;
    isOpen: boolean;
    close: () => void;
}

const r = texts.resetModal;

export function ResetPasswordModal({ user, isOpen, close }: Props) {
    return (
        <Modal opened={isOpen} onClose={close} title={r.title}>
            <ResetPassword user={user} close={close} />
        </Modal>
    );
}

function ResetPassword({ user, close }: { user: User; close: () => void }) {
    const [password, setPassword] = useState<string>();
    const params = { params: { path: { id: user.id } } };
    const show = useAction(async () => {
        const reset = await answer(api.POST("/v1/users/{id}/password-reset", { ...params, body: { delivery: "show" } }));
        setPassword(("temporary_password" in reset && reset.temporary_password) || "");
    });
    const mail = useAction(async () => {
        await answer(api.POST("/v1/users/{id}/password-reset", { ...params, body: { delivery: "email" } }));
        close();
        toast(r.mailed(user.email));
    });
    if (password !== undefined) {
        return (
            <div className="stack">
                {password ? <Secret label={texts.addUsers.temporaryPassword} value={password} /> : <p>{texts.addUsers.temporaryGone}</p>}
                <p className="muted small">{texts.addUsers.temporaryOnce}</p>
                <div className="row end">
                    <Button onClick={close} data-autofocus>
                        {texts.common.done}
                    </Button>
                </div>
            </div>
        );
    }
    return (
        <div className="stack">
            <p>{r.lead(user.name ?? user.email)}</p>
            <div className="row end">
                <Button variant="default" onClick={close}>
                    {texts.common.cancel}
                </Button>
                <Button variant="default" loading={show.isPending} disabled={mail.isPending} onClick={() => show.mutate()}>
                    {r.show}
                </Button>
                <Button loading={mail.isPending} disabled={show.isPending} onClick={() => mail.mutate()} data-autofocus>
                    {r.mail}
                </Button>
            </div>
        </div>
    );
}

const s = texts.suspendModal;

export function SuspendModal({ user, isOpen, close }: Props) {
    return (
        <Modal opened={isOpen} onClose={close} title={s.title(user.name ?? user.email)}>
            <Suspend user={user} close={close} />
        </Modal>
    );
}

function Suspend({ user, close }: { user: User; close: () => void }) {
    const params = { params: { path: { id: user.id } } };
    const undo = useAction(() => answer(api.POST("/v1/users/{id}/reactivate", params)));
    const form = useForm({
        initial: { reason: "", until: "" },
        send: async ({ reason, until }) => {
            const body = { reason: reason || undefined, until: until ? new Date(until).toISOString() : undefined };
            await answer(api.POST("/v1/users/{id}/suspend", { ...params, body }));
            close();
            toast(s.done(user.name ?? user.email), () => undo.mutate());
        },
    });
    return (
        <form {...form.props} className="stack">
            <p>{s.lead}</p>
            <FormError error={form.error} />
            <Textarea label={s.reason} description={s.reasonHint} autosize minRows={2} data-autofocus {...form.text("reason")} />
            <TextInput label={s.until} description={s.untilHint} type="datetime-local" {...form.text("until")} />
            <div className="row end">
                <Button variant="default" onClick={close}>
                    {texts.common.cancel}
                </Button>
                <Button type="submit" color="danger" loading={form.isBusy}>
                    {texts.user.suspend}
                </Button>
            </div>
        </form>
    );
}

const l = texts.linkModal;

/** Makes a new link of an invite, to hand over. */
export function LinkModal({ user, isOpen, close }: Props) {
    return (
        <Modal opened={isOpen} onClose={close} title={l.title}>
            <NewLink user={user} close={close} />
        </Modal>
    );
}

function NewLink({ user, close }: { user: User; close: () => void }) {
    const [link, setLink] = useState<string | null>();
    const make = useAction(async () => {
        const params = { path: { id: user.id } };
        const { invite_link } = await answer(api.POST("/v1/users/{id}/invite", { params, body: { delivery: "link" } }));
        setLink(invite_link ?? null);
    });
    if (link) {
        return (
            <div className="stack">
                <Secret label={texts.addUsers.link} value={link} />
                <p className="muted small">{texts.addUsers.linkOnce}</p>
                <div className="row end">
                    <Button onClick={close} data-autofocus>
                        {texts.common.done}
                    </Button>
                </div>
            </div>
        );
    }
    return (
        <div className="stack">
            <p>{link === null ? texts.addUsers.linkGone : l.lead}</p>
            <div className="row end">
                <Button variant="default" onClick={close}>
                    {texts.common.cancel}
                </Button>
                <Button loading={make.isPending} onClick={() => make.mutate()} data-autofocus>
                    {texts.addUsers.makeLink}
                </Button>
            </div>
        </div>
    );
}
