// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JvmFlagsTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-agentlib:jdwp=transport=dt_socket,server=y,address=5005",
                "-Xrunjdwp:transport=dt_socket",
                "-Dcom.sun.management.jmxremote.port=9010",
                "-Dcom.sun.management.jmxremote.rmi.port=9011",
                "-Djdk.module.path=mods",
                "-Xlog:gc*:file=gc.log",
                "-Xlog:gc:gc.log",
                "-Xlog:gc:gc.log:uptime:filecount=3",
                "-Xlog::all.log",
                "-Xloggc:gc.log",
                "-XX:StartFlightRecording=duration=60s,filename=a.jfr",
                "-XX:ArchiveClassesAtExit=app.jsa",
                "-XX:+AutoCreateSharedArchive",
                "-XX:AOTCacheOutput=app.aot",
                "-XX:AOTMode=record"
            })
    void whatOnlyOneProcessCanHaveIsLeftOut(String flag) {
        assertThat(JvmFlags.shareable(List.of("-Da=1", flag, "-Db=2"))).containsExactly("-Da=1", "-Db=2");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-Xlog",
                "-Xlog:gc",
                "-Xlog:disable",
                "-Xlog:gc:stdout",
                "-Xlog:gc*:stderr:uptime,level",
                "-Xlog:gc::uptime",
                "-Xlog:gc:file=gc-%p.log",
                "-Xlog:gc:gc-%p.log",
                "-Xloggc:gc-%p.log",
                "-XX:StartFlightRecording=filename=%p.jfr",
                "-XX:StartFlightRecording",
                "-XX:SharedArchiveFile=app.jsa",
                "-XX:AOTMode=on",
                "-javaagent:apm.jar",
                "-agentlib:hprof",
                "-Dcom.sun.management.jmxremote.ssl=false"
            })
    void whatAllMayHaveIsKept(String flag) {
        assertThat(JvmFlags.shareable(List.of(flag))).containsExactly(flag);
    }
}
