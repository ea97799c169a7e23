// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import io.netty.channel.IoEventLoop;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.unix.FileDescriptor;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Launches by {@link ProcessBuilder}, with pipes of our own that are read and written by epoll: no thread for a stream.
 *
 * <p>The child opens its ends anew through {@code /proc/self/fd}, so its descriptors block although ours do not.
 * {@code ProcessBuilder} closes all others in the child.
 */
final class EpollEngine implements Engine {

    private static final Logger log = LoggerFactory.getLogger(ChildProcess.class);

    /** Whether this platform can do it; tried once, for Netty's own check misses mixed versions. */
    static boolean isAvailable() {
        return Holder.AVAILABLE;
    }

    @Override
    public boolean canUse(IoEventLoop loop) {
        return loop.isCompatible(EpollIoHandle.class);
    }

    @Override
    public Launched launch(Command command, IoEventLoop loop) throws IOException {
        List<FileDescriptor> ofChild = new ArrayList<>(3);
        List<FileDescriptor> ours = new ArrayList<>(3);
        boolean launched = false;
        try {
            ProcessBuilder builder = JdkProcess.builder(command);
            InputPipe stdin = input(command, builder, loop, ofChild, ours);
            OutputPipe stdout = null;
            if (command.stdout().isPipe()) {
                FileDescriptor[] pipe = pipe(1, ofChild, ours);
                builder.redirectOutput(redirect(pipe[1], false));
                stdout = new EpollOutputPipe(loop, "stdout of " + command, pipe[0]);
            }
            OutputPipe stderr = null;
            if (command.stderr().isPipe()) {
                FileDescriptor[] pipe = pipe(1, ofChild, ours);
                builder.redirectError(redirect(pipe[1], false));
                stderr = new EpollOutputPipe(loop, "stderr of " + command, pipe[0]);
            }
            Process process = builder.start();
            launched = true;
            return new JdkProcess(process, stdin, stdout, stderr);
        } finally {
            close(ofChild);
            if (!launched) {
                close(ours);
            }
        }
    }

    private static @Nullable InputPipe input(
            Command command,
            ProcessBuilder builder,
            IoEventLoop loop,
            List<FileDescriptor> ofChild,
            List<FileDescriptor> ours)
            throws IOException {
        Publisher<? extends ByteBuf> publisher = command.stdin().publisher();
        if (publisher == null) {
            return null;
        }
        FileDescriptor[] pipe = pipe(0, ofChild, ours);
        builder.redirectInput(redirect(pipe[0], true));
        return new EpollInputPipe(loop, publisher, pipe[1]);
    }

    private static FileDescriptor[] pipe(int endOfChild, List<FileDescriptor> ofChild, List<FileDescriptor> ours)
            throws IOException {
        FileDescriptor[] pipe = FileDescriptor.pipe();
        ofChild.add(pipe[endOfChild]);
        ours.add(pipe[1 - endOfChild]);
        return pipe;
    }

    private static Redirect redirect(FileDescriptor fd, boolean read) {
        File path = new File("/proc/self/fd/" + fd.intValue());
        return read ? Redirect.from(path) : Redirect.to(path);
    }

    private static void close(List<FileDescriptor> descriptors) {
        for (FileDescriptor fd : descriptors) {
            try {
                fd.close();
            } catch (IOException e) {
                log.debug("cannot close descriptor {}", fd.intValue(), e);
            }
        }
    }

    private static final class Holder {

        static final boolean AVAILABLE = Epoll.isAvailable() && selfTest();

        /** A pipe that is empty, holds a byte, and has ended, as Netty's native code tells it. */
        private static boolean selfTest() {
            List<FileDescriptor> open = new ArrayList<>(2);
            try {
                FileDescriptor[] pipe = FileDescriptor.pipe();
                open.addAll(List.of(pipe));
                ByteBuffer one = ByteBuffer.allocateDirect(1);
                boolean works = new File("/proc/self/fd/" + pipe[1].intValue()).canWrite()
                        && pipe[0].read(one, 0, 1) == 0
                        && pipe[1].write(one, 0, 1) == 1
                        && pipe[0].read(one, 0, 1) == 1;
                pipe[1].close();
                return works && pipe[0].read(one, 0, 1) < 0;
            } catch (IOException | LinkageError e) {
                log.warn("pipes cannot be read by epoll, threads do it instead", e);
                return false;
            } finally {
                close(open);
            }
        }
    }
}
