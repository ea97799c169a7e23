// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import reactor.core.Disposable;

/**
 * Something open on an {@link EventLoop} that keeps the loop alive until it is disposed, as libuv's handles do: a
 * timer, an immediate, an operation in flight, a server, a child process.
 *
 * <p>A handle starts referenced. {@link #unref()} lets the loop end although the handle is still open. All methods
 * may be called from any thread; a change made off the loop takes effect when the loop's thread sees it.
 * Node analogue: {@code ref()}, {@code unref()} and {@code hasRef()} of timers, sockets and child processes.
 *
 * @since 0.1.0
 */
public interface Handle extends Disposable {

    /**
     * Makes this handle keep its loop alive again. Idempotent; without effect once it is disposed.
     *
     * @return this handle
     */
    Handle ref();

    /**
     * Lets the loop end although this handle is still open. Idempotent.
     *
     * @return this handle
     */
    Handle unref();

    /** Returns whether this handle was last told to keep its loop alive; it does so only until it is disposed. */
    boolean hasRef();
}
