// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;

/** A launcher that calls the system itself. Its code is in {@code src/main/java22}, for Java 22 and later. */
interface NativeLauncher extends Launcher {

    /** Starts a program and waits for its end: whatever is missing here shows. Blocks. */
    void selfTest() throws IOException;

    /** Makes a pipe hold so many bytes; false if the system refuses. Does not block. */
    boolean setPipeSize(FileDescriptor pipe, int bytes);

    /** Sends a signal to any process, if it is there: to no other one that has got its number. Does not block. */
    void kill(ProcessHandle process, Signal signal);
}
