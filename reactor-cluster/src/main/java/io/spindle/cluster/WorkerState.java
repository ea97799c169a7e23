// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

/**
 * Where a worker is in its life, in this order; a worker may skip states but never goes back.
 *
 * @since 0.1.0
 */
public enum WorkerState {
    /** The process has been started and has not answered yet. */
    FORKED,
    /** It has connected to the primary and its program runs. */
    ONLINE,
    /** At least one of its servers is bound. */
    LISTENING,
    /** It could serve, but accepts nothing until it is promoted, see {@link PrimarySpec#standby(int)}. */
    STANDBY,
    /** It serves: a server is bound or its program has returned, and what it waits for has happened. */
    READY,
    /** It was told to disconnect: it accepts nothing new and finishes what runs. */
    DRAINING,
    /** Its channel to the primary has ended. */
    DISCONNECTED,
    /** The process has ended. */
    DEAD
}
