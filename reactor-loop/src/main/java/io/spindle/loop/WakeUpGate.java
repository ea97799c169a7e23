// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import io.netty.channel.IoHandler;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;

/**
 * Says whether the loop sleeps, and how, so that a poster costs one volatile read while it is awake.
 *
 * <p>The loop writes its state, then looks at its queues again, then sleeps; a poster adds its task, then reads the
 * state. So one of the two always sees the other, and no wake-up is lost. The state has a cache line of its own: the
 * loop writes its neighbours every turn.
 */
final class WakeUpGate {

    private static final int AWAKE = 0;
    private static final int POLLING = 1;
    private static final int PARKED = 2;

    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(State.class, "state", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @SuppressWarnings("unused")
    private static class Before {
        long b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14;
    }

    private static class State extends Before {
        volatile int state;
    }

    @SuppressWarnings("unused")
    private static final class Padded extends State {
        long a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14;
    }

    private final State gate = new Padded();

    // loop only
    void polling() {
        gate.state = POLLING;
    }

    // loop only
    void parking() {
        gate.state = PARKED;
    }

    // loop only
    void awake() {
        gate.state = AWAKE;
    }

    /** Any thread. */
    boolean isAsleep() {
        return gate.state != AWAKE;
    }

    /** Wakes the loop if it sleeps. Any thread. */
    void wakeUp(Thread loop, IoHandler poller) {
        int state = gate.state;
        if (state == AWAKE) {
            return;
        }
        if (state == POLLING) {
            poller.wakeup();
        } else if (STATE.compareAndSet(gate, PARKED, AWAKE)) {
            LockSupport.unpark(loop); // if not, it has woken since and looks at its queue before it sleeps again
        }
    }
}
