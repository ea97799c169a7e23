// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import io.netty.channel.IoEventLoop;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;

/**
 * Launches by {@link ProcessBuilder} with its own pipes, and a thread for each of them: for platforms where nothing
 * else works. Differs from epoll in that the JDK itself ends the outputs when the process ends, so what a grandchild
 * writes later may be lost, in that a reader whose pipe is held by a grandchild stays, idle, until that ends, and in
 * that what goes from stage to stage goes through this process. The JDK could connect the stages itself, but when one of
 * them cannot be started it forgets to close the pipe before that.
 */
final class ThreadEngine implements Engine {

    @Override
    public boolean canUse(IoEventLoop loop) {
        return true;
    }

    @Override
    public List<Launched> launch(List<Command> stages, IoEventLoop loop) throws LaunchException {
        List<Process> processes = new ArrayList<>(stages.size());
        List<Launched> launched = new ArrayList<>(stages.size());
        for (Command command : stages) {
            boolean first = processes.isEmpty();
            boolean last = processes.size() == stages.size() - 1;
            boolean started = false;
            try {
                Process process = start(command, first);
                processes.add(process);
                launched.add(launched(process, command, loop, first, last));
                started = true;
            } catch (IOException e) {
                throw new LaunchException(command, e);
            } finally {
                if (!started) {
                    launched.forEach(Launched::abandon);
                }
            }
        }
        for (int i = 1; i < processes.size(); i++) {
            StagePump.start(processes.get(i - 1), processes.get(i));
        }
        return launched;
    }

    private static Process start(Command command, boolean first) throws IOException {
        ProcessBuilder builder = JdkProcess.builder(command);
        return JdkStart.start(first ? builder : builder.redirectInput(Redirect.PIPE));
    }

    private static Launched launched(Process process, Command command, IoEventLoop loop, boolean first, boolean last) {
        String suffix = "-" + process.pid();
        Publisher<? extends ByteBuf> publisher = first ? command.stdin().publisher(loop) : null;
        @Nullable
        InputPipe stdin = publisher == null
                ? null
                : new ThreadInputPipe(loop, publisher, process.getOutputStream(), "stdin" + suffix);
        @Nullable
        OutputPipe stdout = last && command.stdout().isPipe()
                ? new ThreadOutputPipe(loop, "stdout of " + command, process.getInputStream(), "stdout" + suffix)
                : null;
        @Nullable
        OutputPipe stderr = command.stderr().isPipe()
                ? new ThreadOutputPipe(loop, "stderr of " + command, process.getErrorStream(), "stderr" + suffix)
                : null;
        return new Launched(new JdkProcess(process), stdin, stdout, stderr);
    }

    @Override
    public String toString() {
        return "threads";
    }
}
