// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.channel.unix.FileDescriptor;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Launches by {@code posix_spawn}, called through the foreign-function API. No thread waits for a child. */
final class FfmLauncher implements NativeLauncher {

    private static final Logger log = LoggerFactory.getLogger(ChildProcess.class);

    /** As the JDK encodes names of files and arguments. */
    private static final Charset CHARSET = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

    private static final int ENOEXEC = 8;
    private static final int TEST_CODE = 7;

    @Override
    public void selfTest() throws IOException {
        int pid;
        try (SpawnCall call = new SpawnCall(SpawnCall.SETPGROUP)) {
            pid = call.start(bytes(List.of("/bin/sh", "-c", "exit " + TEST_CODE)), Environment.inherited());
        }
        FileDescriptor pidfd = watch(pid);
        int status = Libc.waitpid(pid, 0);
        pidfd.close();
        if (status != TEST_CODE << 8) {
            throw new IOException("a shell that was to exit with " + TEST_CODE + " had the status " + status);
        }
    }

    @Override
    public FileDescriptor[] pipe() throws IOException {
        int[] ends = Libc.pipe();
        return new FileDescriptor[] {new FileDescriptor(ends[0]), new FileDescriptor(ends[1])};
    }

    @Override
    public void keep(FileDescriptor end) throws IOException {
        Libc.setNonBlocking(end.intValue());
    }

    @Override
    public Running start(
            Command command,
            @Nullable FileDescriptor stdin,
            @Nullable FileDescriptor stdout,
            @Nullable FileDescriptor stderr)
            throws IOException {
        int group = group(command);
        List<FileDescriptor> files = new ArrayList<>(3);
        try (SpawnCall call = new SpawnCall(group)) {
            use(call, 0, stdin, command.stdin().redirect(), files);
            use(call, 1, stdout, command.stdout().redirect(), files);
            use(call, 2, stderr, command.stderr().redirect(), files);
            if (command.stderr().isMerged()) {
                call.use(1, 2);
            }
            Path directory = command.directory();
            if (directory != null) {
                call.directory(bytes(directory.toString()));
            }
            int pid = start(call, command);
            return new NativeProcess(pid, watch(pid), group != 0);
        } finally {
            StagePipes.close(files);
        }
    }

    /** One that reads our terminal must stay in the group that may; a detached one outlives the terminal. */
    private static int group(Command command) {
        if (command.detached()) {
            return SpawnCall.SETSID;
        }
        return Redirect.INHERIT.equals(command.stdin().redirect()) ? 0 : SpawnCall.SETPGROUP;
    }

    private static void use(
            SpawnCall call,
            int number,
            @Nullable FileDescriptor pipe,
            @Nullable Redirect redirect,
            List<FileDescriptor> files)
            throws IOException {
        if (pipe != null) {
            call.use(pipe.intValue(), number);
        } else if (redirect != null && redirect.file() != null) {
            FileDescriptor file = open(call, redirect);
            files.add(file);
            call.use(file.intValue(), number);
        }
    }

    private static FileDescriptor open(SpawnCall call, Redirect redirect) throws IOException {
        String path = redirect.file().getPath();
        int flags = switch (redirect.type()) {
            case WRITE -> Libc.O_WRONLY | Libc.O_CREAT | Libc.O_TRUNC;
            case APPEND -> Libc.O_WRONLY | Libc.O_CREAT | Libc.O_APPEND;
            default -> Libc.O_RDONLY;
        };
        try {
            return new FileDescriptor(Libc.open(call.string(bytes(path)), flags));
        } catch (IOException e) {
            throw new FileNotFoundException(path + " (" + e.getMessage() + ")");
        }
    }

    /** A script that does not say what is to run it is run by the shell, as by every other way to start a program. */
    private static int start(SpawnCall call, Command command) throws IOException {
        List<byte[]> environment = Environment.of(command);
        try {
            return call.start(bytes(command.line()), environment);
        } catch (IOException e) {
            Path script = Programs.find(command).orElse(null);
            if (SpawnFailures.errorNumber(e) != ENOEXEC || script == null) {
                throw e;
            }
            List<String> line = new ArrayList<>(command.line());
            line.set(0, script.toAbsolutePath().toString());
            line.add(0, "/bin/sh");
            return call.start(bytes(line), environment);
        }
    }

    /** Returns a descriptor that tells its end; when that cannot be had it is ended. */
    private static FileDescriptor watch(int pid) throws IOException {
        try {
            return new FileDescriptor(Libc.pidfdOpen(pid));
        } catch (IOException e) {
            Libc.kill(pid, Signal.KILL.number());
            Libc.waitpid(pid, 0);
            throw e;
        }
    }

    static byte[] bytes(String text) {
        return text.getBytes(CHARSET);
    }

    private static List<byte[]> bytes(List<String> texts) {
        return texts.stream().map(FfmLauncher::bytes).toList();
    }

    @Override
    public void kill(long pid, Signal signal) {
        try {
            Libc.kill((int) pid, signal.number());
        } catch (IOException e) {
            log.debug("[pid {}] got no {}", pid, signal, e);
        }
    }
}
