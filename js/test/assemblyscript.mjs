// A guest of AssemblyScript 0.27.37, made by `asc guest.ts --exportRuntime --runtime incremental -Oz --converge --noAssert` of
//
//   export function greet(name: string): string { return "Hello, " + name; }
//   export function length(name: string): i32 { return name.length; }
//   export function sum(bytes: ArrayBuffer): i32 {
//     let s = 0;
//     const v = Uint8Array.wrap(bytes);
//     for (let i = 0; i < v.length; i++) s += v[i];
//     return s;
//   }
//   export function collect(): void { __collect(); }
//
// It imports `env` `abort`.
import { gunzipSync } from "node:zlib";

export const ASSEMBLYSCRIPT = gunzipSync(
  Buffer.from(
    "H4sIAAAAAAACA51Xv28cxxX+3pvZ45FzJMcxZcmkbM/trhwisSMkCBgEMKB7QiiLTgz+CSQlnSXuUaTuuKYjwNERBqQmQGAYQSoXLgI4CGxATQCXKt0YCJxW" +
      "hQoXLlyoVCGY8ZvdJcVIQADroN3Zmffzm/e+GWJj9zoBoLOT6zSm8TqPx1gH1mkMHdN43Y7HOmea5y2sg8Y8Taa/vZdsXNoZlUjMq2dAaoiJTMsYENEEt2Gt" +
      "ZYYxhtkCQGII1FqeHpPA/YgH5EGiw0e32U2sTU1c3tna6l8uMZ+srW3338OpZG3txuY2FibW1t7d1tHpybW1RupFt7Y2KsvNtUsbu33jWtf713dGNxnJ1VG/" +
      "XyJrbfW3r5bXkJvdd6/jTJte6dDJqQ/mz0wjQOYGi+yF9twkAgItsT0ctZ3XETzHpwlwUwhYZCvvDw+HZuh+RzyWu+yn5Z710/IQ+tDR3cRPZzYln3Rhemr1" +
      "TdsL8K159Vz4lwN0qUPOueeir8p4oJHnaoYaLzrzKtFYVVJaVjuL3J6fdZVIO40RBvKTlRgtcrsbZwKPYgrGm2AC/KRqeOMuE48DsuRCbStPXICfylrdaLGT" +
      "svDbdiyUBJYHySLj97Ynd1kespyQ0x5wgYVL+SYpFhkShq6rfiibWBYOvOCdyxCwbHuzLkKdwreyiejPdzIjVOTGuemYN+T9odjiEH24e0Q25qFLqZF9XrHj" +
      "YMTuJfKKPD44ONB8TDVaXUjN1UFqZWLQ5WCCFTvYE7/ruraCItGXTY3tBRMSb1xIbC8kwXiOEAYWWwZbCJdFSou8rmFSSJZ4PSQR7phsXLNyK9j3hl0TKJgl" +
      "tsFUAjGNW4HfG/pZ55z7F1NSZaCiYosmmyK1i4yUhYZR0XqvplSC47Lxs89Q6LILRlh1SOxATUTjrbjxaqKlOqYx4YLVoEd+NuIRYdVCUDy5xpOP4ck/+G/w" +
      "5KuD1CieSWCNrcIz5ZCILSNOi7weE9MWoaq+IrykmCLKBY6S6nq9QYhCUmpMKqGI1nVPgcuRNuAHRGYcSJ4v5MZQ7KCqx086cfNI/CBNgtHtMZq8DUmXnAv8" +
      "qdwYBtKY51ZiyVGwwsNgpK2TNBpFUGOwot0SATZFaoRjNGaJP+lEKJ9zfyPi8TmkEPxBeyBg0IPgYiJwtgcn+3dY4Gflk49YsMTa3yQnV2KEXOpyofNWUPW+" +
      "+GrNlgHFkxLrAUJFxQKBdEg6jA7+/hGfw2fn/R3/E/3OJ933TDzmXvXLeMaA2DihnAW58RNZK08yM+uyieUuZUnDPFkrMk+eKPvUNBTIt1Wp5iLVOuKj2lri" +
      "k6x1wfayTp3Fo9u8UvEF/HSA2Dryp1wdc1O7eMJ+1u4ia+XtgLwVKJ/QlTwRztnF8JP00FBSRT3/hPe4ifo0iTKMnxnkiMGkUWbV9rLJZdvzzyvvVAUks0Pd" +
      "xYWK0GJb0dDNZ5NdpcjquypK3X4nU7Mua2Utz/FpBDk7gXtJ/ZAsBFwdlIXQQItavj84OKCVBfcXrZofqqtqLapaK5A/kVLTTFw1ek1O1NCKNsA4UDlMlfQQ" +
      "6FokpKbNkqpztF2pOBRSsRS1+jVN9UhB4Jz7K1edFFta2fsh5J6Rr4y8FOkb0nmizwJJ5+2FlPwLKS/HYt3nVc3Dn0gCuS6fQ2o0rKodgxFfih28WRZycGAK" +
      "2d9/fyh+L2Xli4sLsV9sL3A9gHORfHzZ1HQE+wVlNV5kzCsW3sdxauIxqITuV9VGRI2HukMcebFIKZLaE7tW8dStYSPDDXfWvPMnpeXA7p8Uz1H5LhJdhcpd" +
      "ktssrygqGTJatT3uyb7vsukF9nODLmeKSYbPz39Jt85/g/1PZb9d5NTR6AVvTUdFZDSQ/faKTJVFrmVel2E2qQxQ+JMpKxV2AgcssQ+ctbMJr8ck+5ki12KY" +
      "K1ISBDx2COR+i0yt257pZWx7fm4+3hb83Pyxiafjchb+RffrmGlsmblBSr4lSpzy0GrCX7NMxDIgPxUos2K8bpE799ShLeZNPfoT1XrAkkSYWKg+yrU/pwKq" +
      "XFy8NukeRr9+2rlfoWEs/QVIW8+umUS5yyZuNv4C/EvNE+5VnIOW16PbPBDay0kekLe5lX32Nm/Jh8bbvO3mkXXkUXLR9uTDOyz37rCQkIbn/qOnSNaRziDv" +
      "+JB1zuM3RqWxxO2so/CjetnmGtiNB8PFWPnjC3o2JnLPyr6Vr2YqpLpKHYHfsr164et6wakjsf5Uapa4rdeseNQ2wNvm3mNkbuBbKWcTy/ppfSeJOAYWc2FY" +
      "zejNQQ/RQ0NWjRd5Jxj3ZyarSbWPJ9W1dUZC+VTWEVsvx5OpPiumhAYzhojh4GTcNa7WiVfDblexserFRp+mdwjScXOHWvGC2ShRMBft/1Opbqqr1S1y38qn" +
      "JK/HUjoyaQMVrwNHhjmYIm5MczBq9nHB3a93uPHV+P4fcCQcbfWPWpXgSajscu1CSzjOKBsW8TJeByX/RgwyU1plfyrVPygCSQj8eArxLl4o3PpRqzT5HL0q" +
      "PN05PCO1Z++Ep8Pda/Thuk/pB/j0aJvh3Of2JKTj6DXIKXeCAcwAuIg+trCFHbymZ9sbjk5DvoQjhtyHozcg38KdVfFFAFILX8YGSmxiB9sIKLGDHQRsYQMj" +
      "XEUf8jFF3X+Q+6nqBgC3sIVNXMJZjFDiLDZR4jKuYxe/QIldyMdc6bD7uerkAFawjSvo448I2MG7KOP7HQSMsIHtytd9jll9y25B9eae8lXb/8xE+18Yd0bl" +
      "Xn5GTCW2sIt3Go3vKo1H5iiiI40SN3EDfVyJWWs8Nw892RjRF9Zlqne6zmQPG1H7SsSqH+MvcQ1y31ZIW/dLlf8ZgFVcQoE+LsecVW+EPjZwBTcRcAOb2MZ2" +
      "9C4fJxVuydE+HdfexC4CtrETv47pPkjciaTeoOa//pP/Ao08hV9YEAAA",
    "base64",
  ),
);
