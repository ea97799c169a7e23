// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.channel.unix.FileDescriptor;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import org.jspecify.annotations.Nullable;

/**
 * Launches by {@link ProcessBuilder}. The child opens its ends of the pipes anew through {@code /proc/self/fd}, so its
 * descriptors block although ours do not. {@code ProcessBuilder} closes all others in the child.
 */
final class JdkLauncher implements Launcher {

    @Override
    public FileDescriptor[] pipe() throws IOException {
        return FileDescriptor.pipe();
    }

    @Override
    public void keep(FileDescriptor end) {
        // Netty's pipes never block
    }

    @Override
    public Running start(
            Command command,
            @Nullable FileDescriptor stdin,
            @Nullable FileDescriptor stdout,
            @Nullable FileDescriptor stderr)
            throws IOException {
        ProcessBuilder builder = JdkProcess.builder(command);
        if (stdin != null) {
            builder.redirectInput(Redirect.from(path(stdin)));
        }
        if (stdout != null) {
            builder.redirectOutput(Redirect.to(path(stdout)));
        }
        if (stderr != null) {
            builder.redirectError(Redirect.to(path(stderr)));
        }
        return new JdkProcess(JdkStart.start(builder));
    }

    private static File path(FileDescriptor fd) {
        return new File("/proc/self/fd/" + fd.intValue());
    }
}
