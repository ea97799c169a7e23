// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.spindle.process.ipc.Invitation;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * What a worker is told by its environment. The variable is inherited by whatever the worker starts, so it also names
 * the primary: in a process with another parent it means nothing. Node removes its variable for the same reason, which a
 * JVM cannot; the token in it is used up by then.
 *
 * @param id the number of the worker
 * @param slot its place
 * @param primary the process id of the primary
 * @param standby whether its servers wait for a word of the primary before they accept
 * @param grace how long a drain may take that nobody asked for
 * @param invitation lets it in
 */
record Role(int id, int slot, long primary, boolean standby, Duration grace, Invitation invitation) {

    static final String VARIABLE = "SPINDLE_CLUSTER_WORKER";

    private static final int PARTS = 6;

    String text() {
        return id + ":" + slot + ":" + primary + ":" + standby + ":" + grace.toMillis() + ":" + invitation.text();
    }

    static Optional<Role> of(Map<String, String> environment, long parent) {
        String text = environment.get(VARIABLE);
        if (text == null) {
            return Optional.empty();
        }
        String[] parts = text.split(":", PARTS);
        if (parts.length < PARTS || Long.parseLong(parts[2]) != parent) {
            return Optional.empty();
        }
        return Optional.of(new Role(
                Integer.parseInt(parts[0]),
                Integer.parseInt(parts[1]),
                parent,
                Boolean.parseBoolean(parts[3]),
                Duration.ofMillis(Long.parseLong(parts[4])),
                Invitation.of(parts[5])));
    }

    /** The role of this process; empty in a primary and in a program that knows nothing of clusters. */
    static Optional<Role> current() {
        return of(
                System.getenv(),
                ProcessHandle.current().parent().map(ProcessHandle::pid).orElse(-1L));
    }
}
