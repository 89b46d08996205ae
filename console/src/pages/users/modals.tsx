import { Button, Modal, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { answer, api } from "../../api/client";
import type { User } from "../../api/queries";
import { useClosing, useKeepOpen } from "../../components/closing";
import { DeliveryLabel } from "../../components/labels";
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
        <Modal opened={isOpen} onClose={close} title={r.title} {...useClosing()}>
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
    useKeepOpen(show.isPending);
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
        <Modal opened={isOpen} onClose={close} title={l.title} {...useClosing()}>
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
    useKeepOpen(make.isPending);
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

const c = texts.correctModal;

/** Corrects the address of somebody whom no mail reaches. Their invite goes to the new one at once. */
export function CorrectAddressModal({ user, isOpen, close }: Props) {
    return (
        <Modal opened={isOpen} onClose={close} title={c.title}>
            <CorrectAddress user={user} close={close} />
        </Modal>
    );
}

function CorrectAddress({ user, close }: { user: User; close: () => void }) {
    const form = useForm({
        initial: { email: user.email },
        about: { "email-taken": "email" },
        send: async (body) => {
            const params = { path: { id: user.id }, header: { "If-Match": `"${user.version}"` } };
            await answer(api.PATCH("/v1/users/{id}", { params, body }));
            close();
            toast(c.done(body.email));
        },
    });
    return (
        <form {...form.props} className="stack">
            <div>
                <DeliveryLabel user={user} always />
                {user.invite?.delivery_detail && <p className="muted small">{user.invite.delivery_detail}</p>}
            </div>
            <FormError error={form.error} />
            <TextInput label={texts.fields.email} description={c.hint} type="email" autoComplete="off" data-autofocus {...form.text("email")} />
            <div className="row end">
                <Button variant="default" onClick={close}>
                    {texts.common.cancel}
                </Button>
                <Button type="submit" loading={form.isBusy} disabled={form.values.email.trim() === user.email}>
                    {c.go}
                </Button>
            </div>
        </form>
    );
}
