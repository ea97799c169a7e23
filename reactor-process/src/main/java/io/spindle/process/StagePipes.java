// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import io.netty.channel.IoEventLoop;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The pipes of one process while it is started: what it gets is closed here afterwards, what stays if that fails. */
final class StagePipes {

    private static final Logger log = LoggerFactory.getLogger(ChildProcess.class);

    private final Launcher launcher;
    private final Command command;
    private final IoEventLoop loop;
    private final List<FileDescriptor> ofChild = new ArrayList<>(3);
    private final List<FileDescriptor> ours = new ArrayList<>(3);
    private @Nullable FileDescriptor forNext;

    StagePipes(Launcher launcher, Command command, IoEventLoop loop) {
        this.launcher = launcher;
        this.command = command;
        this.loop = loop;
    }

    /**
     * Starts the process, once.
     *
     * @param before what the stage before it writes; closed here in any case
     * @param last whether its output is ours, and not that of a stage that follows
     */
    Launched start(@Nullable FileDescriptor before, boolean last) throws IOException {
        boolean started = false;
        if (before != null) {
            ofChild.add(before);
        }
        try {
            Publisher<? extends ByteBuf> publisher = command.stdin().publisher(loop);
            InputPipe stdin = null;
            if (before == null && publisher != null) {
                stdin = new EpollInputPipe(loop, publisher, kept(pipe(0)));
            }
            OutputPipe stdout = null;
            if (last && command.stdout().isPipe()) {
                stdout = new EpollOutputPipe(loop, "stdout of " + command, kept(pipe(1)));
            } else if (!last) {
                forNext = pipe(1);
            }
            FileDescriptor writtenByIt = stdout == null && last ? null : newest(ofChild);
            OutputPipe stderr = null;
            if (command.stderr().isPipe()) {
                stderr = new EpollOutputPipe(loop, "stderr of " + command, kept(pipe(1)));
            }
            Running process = launcher.start(
                    command,
                    before == null && stdin == null ? null : ofChild.get(0),
                    writtenByIt,
                    stderr == null ? null : newest(ofChild));
            started = true;
            return new Launched(process, stdin, stdout, stderr);
        } finally {
            close(ofChild);
            if (!started) {
                close(ours);
            }
        }
    }

    /** Returns what the next stage is to read; closed by that. */
    @Nullable
    FileDescriptor forNext() {
        return forNext;
    }

    /** Opens a pipe, one end of which is the child's, and returns the other. */
    private FileDescriptor pipe(int endOfChild) throws IOException {
        FileDescriptor[] pipe = launcher.pipe();
        ofChild.add(pipe[endOfChild]);
        ours.add(pipe[1 - endOfChild]);
        return pipe[1 - endOfChild];
    }

    private FileDescriptor kept(FileDescriptor end) throws IOException {
        launcher.keep(end);
        return end;
    }

    private static FileDescriptor newest(List<FileDescriptor> descriptors) {
        return descriptors.get(descriptors.size() - 1);
    }

    static void close(List<FileDescriptor> descriptors) {
        for (FileDescriptor fd : descriptors) {
            try {
                fd.close();
            } catch (IOException e) {
                log.debug("cannot close descriptor {}", fd.intValue(), e);
            }
        }
    }
}
