// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

/**
 * A timer of an {@link EventLoop}, one-shot or repeating.
 *
 * <p>{@link #dispose()} clears it: a cleared timer does not run, even if it was cleared by an earlier callback of the
 * same phase. All methods may be called from any thread. Node analogue: the class {@code Timeout} that
 * {@code setTimeout} and {@code setInterval} return.
 *
 * @since 0.1.0
 */
public interface Timeout extends Handle {

    /**
     * Starts the delay anew from now, without making a new object; a one-shot timer that has already run runs once
     * more. Legal inside the timer's own callback; without effect on a disposed timer.
     *
     * @return this timer
     */
    Timeout refresh();

    @Override
    Timeout ref();

    @Override
    Timeout unref();
}
