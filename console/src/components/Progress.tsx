import { useIsFetching } from "@tanstack/react-query";
import classes from "./Progress.module.css";

/** A line at the top that appears when something takes long. */
export function Progress({ isBusy }: { isBusy: boolean }) {
    const isFetching = useIsFetching() > 0;
    return isBusy || isFetching ? <div className={classes.progress} aria-hidden /> : null;
}
