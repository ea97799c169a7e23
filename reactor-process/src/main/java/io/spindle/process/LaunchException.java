// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.io.IOException;

/** Tells which of several commands could not be started. */
final class LaunchException extends IOException {

    private static final long serialVersionUID = 1L;

    private final transient Command command;
    private final IOException reason;

    LaunchException(Command command, IOException reason) {
        super(reason);
        this.command = command;
        this.reason = reason;
    }

    SpawnException explain() {
        return SpawnFailures.explain(command, reason);
    }
}
