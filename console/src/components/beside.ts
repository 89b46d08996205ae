/** Where something lies that opens at an element: below it or above, whichever has more room, from its nearer edge. */
export function beside(element: Element): string {
    const { top, right, bottom, left } = element.getBoundingClientRect();
    const { clientWidth: width, clientHeight: height } = document.documentElement;
    const isAbove = top > height - bottom;
    const isRight = left > width - right;
    return [
        isAbove ? "auto" : `${bottom}px`,
        isRight ? `${width - right}px` : "auto",
        isAbove ? `${height - top}px` : "auto",
        isRight ? "auto" : `${left}px`,
    ].join(" ");
}
