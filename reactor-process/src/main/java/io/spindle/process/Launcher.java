// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Makes pipes, and processes that use them. */
interface Launcher {

    /** Opens a pipe: the end to read from, then the end to write to. */
    FileDescriptor[] pipe() throws IOException;

    /** Prepares an end that stays in this process for epoll: it must not block. */
    void keep(FileDescriptor end) throws IOException;

    /**
     * Starts a program; blocks. The descriptors stay open here.
     *
     * @param stdin what it reads, or null if the command says it; so for the others
     */
    Running start(
            Command command,
            @Nullable FileDescriptor stdin,
            @Nullable FileDescriptor stdout,
            @Nullable FileDescriptor stderr)
            throws IOException;
}
